# SPDX-License-Identifier: Apache-2.0
"""Headers of a peer's answer that speak for another: for the host that the client knows, for Keystone, for other places."""

import json

import pytest

from conformance.hostile import Site
from conformance.hostile_plays import WAY, json_head, redirect, says
from openstackoid.routing.links import HOSTS_OWN

LOG_IN = '{"auth": {"identity": {"methods": ["password"]}}}'


@pytest.mark.parametrize("way", WAY)
def test_a_peer_cannot_speak_for_the_host_that_the_client_knows(way: str, site: Site) -> None:
    lines = [
        "HTTP/1.1 200 OK",
        "Set-Cookie: session=stolen",
        "Set-Cookie: another=one",
        "Strict-Transport-Security: max-age=1",
        "Alt-Svc: h2=evil",
        'Clear-Site-Data: "*"',
        'NEL: {"report_to":"x","max_age":1}',
        'Report-To: {"group":"x"}',
        'Reporting-Endpoints: x="https://evil/"',
        "Service-Worker-Allowed: /",
        "Keep-Alive: timeout=1",
        "Proxy-Authenticate: Basic",
        "Connection: keep-alive, X-Named",
        "X-Kept: yes",
        "Content-Length: 2",
    ]
    site.plays["two"] = says("\r\n".join([*lines, "", "ok"]).encode())
    answer = site.get("/compute/v2.1/servers/7", WAY[way])
    assert (answer.status, answer.body) == (200, b"ok")
    names = {line.partition(":")[0].lower() for line in answer.head.decode().splitlines()[1:]}
    assert "x-kept" in names
    assert names.isdisjoint({*HOSTS_OWN, "keep-alive", "proxy-authenticate"})


def test_only_the_gateway_names_the_issuer_of_a_token(site: Site) -> None:
    token = json.dumps({"token": {"methods": []}}).encode()
    head = json_head("X-Scope-Identity: CloudOne", "X-Subject-Token: t", f"Content-Length: {len(token)}")
    site.plays["two"] = says(head, token)
    got = site.send(
        f'POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: h\r\nX-Scope: {{"identity":"CloudTwo"}}\r\n'
        f"Content-Length: {len(LOG_IN)}\r\n\r\n{LOG_IN}"
    )
    assert got.statuses == [200]
    said = [line for line in got.answers[0].head.decode().lower().splitlines() if line.startswith("x-scope-identity:")]
    assert said == ["x-scope-identity: cloudtwo"]


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_peer_does_not_speak_as_the_gateway(status: int, way: str, site: Site) -> None:
    """The client would tell its user of another issuer, or of clouds that were never asked."""
    told = (
        "X-Scope-Identity: CloudThree",
        "X-Scope-Partial: CloudOne=503",
        "X-Scope-Cloud: CloudOne",
        "x-scope-other: x",
        "X-Kept: yes",
    )
    site.plays["two"] = redirect(status, *told)
    answer = site.get("/compute/v2.1/servers/7", WAY[way])
    assert (answer.status, b"x-scope-" in answer.head.lower(), b"x-kept" in answer.head.lower()) == (status, False, True)


@pytest.mark.parametrize("way", WAY)
def test_a_peer_sends_a_browser_nowhere_by_other_headers(way: str, site: Site) -> None:
    site.plays["two"] = redirect(200, "Refresh: 0; url=http://evil/", "Content-Location: http://127.0.0.1:9/x")
    answer = site.get("/compute/v2.1/servers/7", WAY[way])
    assert (answer.status, b"refresh" in answer.head.lower(), b"content-location" in answer.head.lower()) == (200, False, False)


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("status", [200, 201, 202, 404])
def test_a_peer_names_no_other_place(status: int, way: str, site: Site) -> None:
    lines = ['Link: <http://evil/>; rel="next"', "X-Storage-Url: http://evil/v1/AUTH_a", "X-Image-Meta-Location: rbd://a/b/c/d"]
    site.plays["two"] = redirect(status, *lines, "X-Kept: yes")
    answer = site.get("/compute/v2.1/servers/7", WAY[way])
    assert (answer.status, b"evil" in answer.head, b"rbd" in answer.head, b"x-kept" in answer.head) == (
        status,
        False,
        False,
        True,
    )


CHALLENGES = {
    "another spelling": ['keystone uri="http://evil/"'],
    "without quotes": ["Keystone uri=http://evil/"],
    "in other quotes": ["Keystone uri='http://evil/'"],
    "more space": ['Keystone  uri = "http://evil/"'],
    "another parameter before it": ['Keystone realm="x", uri="http://evil/"'],
    "another parameter behind it": ['Keystone uri="http://ours/", uri="http://evil/"'],
    "another scheme before it": ['Basic realm="x", Keystone uri="http://evil/"'],
    "another scheme": ['Basic realm="evil"'],
    "a scheme of browsers": ["Negotiate evil"],
    "two headers": ['Keystone uri="http://ours/"', 'Keystone uri="http://evil/"'],
}


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("status", [200, 401, 403])
def test_a_peer_sends_no_password_elsewhere(status: int, way: str, site: Site) -> None:
    for name, values in CHALLENGES.items():
        site.plays["two"] = redirect(status, *(f"WWW-Authenticate: {value}" for value in values))
        answer = site.get("/image/v2/images/a/file", WAY[way])
        assert (answer.status, b"www-authenticate" in answer.head.lower()) == (status, False), name
    site.plays["two"] = redirect(status, 'WWW-Authenticate: Keystone uri="http://evil/v3"')
    ours = f'www-authenticate: keystone uri="http://127.0.0.1:{site.ports["gate"]}/identity/v3"'
    assert ours in site.get("/image/v2/images/a/file", WAY[way]).head.decode().lower()
    site.plays["two"] = redirect(status, 'WWW-Authenticate: Swift realm="AUTH_a"')
    assert 'www-authenticate: swift realm="auth_a"' in site.get("/image/v2/images/a/file", WAY[way]).head.decode().lower()


@pytest.mark.parametrize("way", WAY)
def test_only_keystone_gives_out_tokens(way: str, site: Site) -> None:
    site.plays["two"] = redirect(201, "X-Subject-Token: forged")
    answer = site.get("/compute/v2.1/servers/7", WAY[way])
    assert (answer.status, b"x-subject-token" in answer.head.lower()) == (201, False)
