# SPDX-License-Identifier: Apache-2.0
"""A peer redirects reads within the service that was asked, and nothing else: a client repeats the request, tokens included."""

import pytest

from conformance.hostile import Site
from conformance.hostile_plays import WAY, error, redirect

ASTRAY = {
    "another host": "http://127.0.0.1:9/latest/meta-data",
    "another scheme": "https://127.0.0.1:{two}/image/b",
    "no scheme": "//127.0.0.1:{two}/image/b",
    "a user": "http://user@127.0.0.1:{two}/image/b",
    "another service of the peer": "http://127.0.0.1:{two}/compute/v2.1/servers",
    "another service of ours": "http://127.0.0.1/compute/v2.1/servers",
    "a path of another service": "/compute/v2.1/servers",
    "a relative path": "b",
    "a relative path that climbs": "../compute/v2.1/servers",
    "a path that climbs": "/image/../compute/v2.1/servers",
    "an escaped path that climbs": "/image/%2e%2e/compute/v2.1/servers",
    "a backslash": "/image/..\\compute",
    "a script": "javascript:alert(1)",
    "a tab in a path that climbs": "/image/.\t./compute/v2.1/servers",
    "a tab before a host": "/image/\t/evil.example/x",
    "nothing": "",
}


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_a_peers_redirect_leads_to_no_other_place(status: int, way: str, site: Site) -> None:
    for name, place in ASTRAY.items():
        location = place.format(**site.ports)
        site.plays["two"] = redirect(status, f"Location: {location}")
        answer = site.get("/image/v2/images/a/file", WAY[way])
        assert answer.status == 502, (name, answer.head)
        assert error(answer).startswith("gateway of CloudOne: image of CloudTwo at "), name
        assert "redirects the request" in error(answer)
        assert b"location" not in answer.head.lower(), name


@pytest.mark.parametrize("way", WAY)
def test_a_peers_redirect_within_the_service_is_mapped_for_a_read_and_refused_for_a_write(way: str, site: Site) -> None:
    for place in ("http://127.0.0.1:{two}/image/b?c=d", "/image/b?c=d", "http://127.0.0.1/image/b?c=d"):
        site.plays["two"] = redirect(302, f"Location: {place.format(**site.ports)}")
        answer = site.get("/image/v2/images/a/file", WAY[way])
        assert answer.status == 302
        location = next(line for line in answer.head.decode().split("\r\n") if line.lower().startswith("location: "))
        assert location.split(" ", 1)[1] in ("http://127.0.0.1/image/b?c=d", "/image/b?c=d")
        for method in ("POST", "PUT", "DELETE"):
            got = site.send(
                f"{method} /image/v2/images/a/file HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n{WAY[way]}\r\n", until=None
            )
            assert got.statuses == [502], (method, place)


@pytest.mark.parametrize("way", WAY)
def test_a_peers_redirect_names_one_place(way: str, site: Site) -> None:
    site.plays["two"] = redirect(302, "Location: /image/b", "Location: http://127.0.0.1:9/")
    assert site.get("/image/v2/images/a/file", WAY[way]).status == 502
    site.plays["two"] = redirect(302)
    assert site.get("/image/v2/images/a/file", WAY[way]).status == 302, "a client has nothing to follow"
