# SPDX-License-Identifier: Apache-2.0
"""A scope in a URL: the token that comes from it carries the scope on, and so does every link that the client follows."""

import json

import pytest

from openstackoid.scope import join_token
from unit.bridge.stage import Script, Visit, played, says, says_json, staged

HOME = "/identity/scope/image=CloudTwo"
ABROAD = "/identity/scope/identity=CloudTwo"
GATEWAY, PEER = "http://127.0.0.1:8801", "http://127.0.0.1:{there}"
LOG_IN = json.dumps({"auth": {"identity": {"methods": ["password"]}}}).encode()


def document(href: str) -> dict[str, object]:
    return {"version": {"id": "v3.14", "links": [{"rel": "self", "href": href}], "media-types": [{"base": "application/json"}]}}


@pytest.mark.parametrize("root", ["/keystone", "/identity"], ids=["by the path of its process", "by its frontend"])
@played
async def test_the_versions_at_home_keep_the_scope_however_keystone_calls_itself(root: str) -> None:
    async with staged(here=says_json(document(f"{GATEWAY}{root}/v3/"))) as stage:
        answer = await stage.ask("GET", f"{HOME}/v3")
        (visit,) = stage.here.visits
    assert visit.line == "GET /keystone/v3 HTTP/1.1"
    assert answer.json() == document(f"{GATEWAY}{HOME}/v3/")


@played
async def test_the_scope_stays_as_the_client_wrote_it() -> None:
    written = "/identity/scope/%69mage%3DCloudTwo"
    async with staged(here=says_json(document(f"{GATEWAY}/identity/v3/"))) as stage:
        answer = await stage.ask("GET", f"{written}/v3")
    assert answer.json() == document(f"{GATEWAY}{written}/v3/")


@pytest.mark.parametrize("origin", [GATEWAY, PEER], ids=["by the client's host", "by its frontend"])
@played
async def test_the_versions_abroad_lead_back_here_and_keep_the_scope(origin: str) -> None:
    async with staged() as stage:
        stage.there.script = says_json(document(f"{origin.format_map(stage.ports)}/id/v3/"))
        answer = await stage.ask("GET", f"{ABROAD}/v3/")
        (visit,) = stage.there.visits
    assert visit.line == "GET /id/v3/ HTTP/1.1"
    assert answer.json() == document(f"{GATEWAY}{ABROAD}/v3/")


@played
async def test_all_versions_and_where_they_are() -> None:
    """Keystone answers its root with 300, and may send elsewhere."""
    many = says_json({"versions": {"values": [document(f"{GATEWAY}/identity/v3/")["version"]]}}, status="300 Multiple Choices")
    async with staged(here=many) as stage:
        answer = await stage.ask("GET", HOME)
    assert answer.status == 300
    assert answer.json()["versions"]["values"][0]["links"][0]["href"] == f"{GATEWAY}{HOME}/v3/"
    async with staged(here=says("302 Found", f"Location: {GATEWAY}/identity/v3/")) as stage:
        answer = await stage.ask("GET", f"{HOME}/")
    assert answer.values("location") == [f"{GATEWAY}{HOME}/v3/"]


@pytest.mark.parametrize(
    ("path", "scope"),
    [(HOME, '{"*":"CloudOne","image":"CloudTwo"}'), (ABROAD, '{"*":"CloudOne","identity":"CloudTwo"}')],
)
@played
async def test_a_log_in_gives_a_token_with_the_scope(path: str, scope: str) -> None:
    catalog = [{"type": "image", "endpoints": [{"url": "http://theirs"}]}]
    script = says_json({"token": {"project": {"id": "p"}, "catalog": catalog}}, "X-Subject-Token: new", status="201 Created")
    async with staged(here=script, there=script) as stage:
        answer = await stage.ask("POST", f"{path}/v3/auth/tokens?x", body=LOG_IN)
        (visit,) = stage.here.visits or stage.there.visits
    assert answer.status == 201
    assert answer.values("x-subject-token") == [join_token("new", scope)]
    assert visit.body == LOG_IN
    assert "scope" not in visit.line
    assert visit.values("x-scope") == []
    # At home Keystone's own catalog is right.
    assert ("http://theirs" in answer.body.decode()) == (path == HOME)


@played
async def test_the_token_that_was_given_is_used_from_then_on() -> None:
    token = 'X-Auth-Token: new!SCOPE!{"*":"CloudOne","image":"CloudTwo"}'
    async with staged(here=says("200 OK"), there=says("200 OK")) as stage:
        assert (await stage.ask("GET", "/image/v2/images", token)).status == 200
        assert (await stage.ask("GET", f"{HOME}/v3/projects", token)).status == 200
        assert [visit.line for visit in stage.there.visits] == ["GET /image/v2/images HTTP/1.1"]
        (visit,) = stage.here.visits
    assert (visit.line, visit.values("x-auth-token")) == ("GET /keystone/v3/projects HTTP/1.1", ["new"])


@played
async def test_a_failed_log_in_gives_none() -> None:
    async with staged(here=says_json({"error": {"code": 401}}, status="401 Unauthorized")) as stage:
        answer = await stage.ask("POST", f"{HOME}/v3/auth/tokens", body=LOG_IN)
    assert answer.status == 401
    assert answer.values("x-subject-token") == []


@pytest.mark.parametrize("rest", ["/v3//", "//v3/", "/%763"])
@played
async def test_a_version_document_by_another_spelling_keeps_the_scope(rest: str) -> None:
    async with staged(here=says_json(document(f"{GATEWAY}/identity/v3/"))) as stage:
        answer = await stage.ask("GET", f"{HOME}{rest}")
    assert answer.json() == document(f"{GATEWAY}{HOME}/v3/")


@played
async def test_a_list_of_keystone_keeps_the_scope_in_its_links() -> None:
    listed = {"projects": [], "links": {"next": f"{GATEWAY}/identity/v3/projects?marker=x", "previous": None}}
    async with staged(here=says_json(listed)) as stage:
        answer = await stage.ask("GET", f"{HOME}/v3/projects", "X-Auth-Token: tok")
    assert answer.json()["links"]["next"] == f"{GATEWAY}{HOME}/v3/projects?marker=x"


@played
async def test_another_service_keeps_the_scope_in_its_links_and_in_those_to_others() -> None:
    scoped = "/image/scope/image=CloudTwo"
    found = {"versions": [{"id": "v2", "links": [{"rel": "self", "href": f"{GATEWAY}/image/v2/"}]}]}
    async with staged() as stage:
        stage.there.script = says_json(found, status="300 Multiple Choices")
        answer = await stage.ask("GET", scoped)
        assert answer.json()["versions"][0]["links"][0]["href"] == f"{GATEWAY}{scoped}/v2/"
        stage.there.script = says("302 Found", f"Location: {PEER.format_map(stage.ports)}/image/v2/x")
        answer = await stage.ask("GET", f"{scoped}/v2/images/y/file", "X-Auth-Token: tok")
        assert answer.values("location") == [f"{GATEWAY}{scoped}/v2/x"]
    server = {"server": {"image": {"links": [{"rel": "bookmark", "href": f"{GATEWAY}/image/images/i"}]}}}
    async with staged(here=says_json(server)) as stage:
        answer = await stage.ask("GET", "/compute/scope/image=CloudTwo/v2.1/servers/s", "X-Auth-Token: tok")
    assert answer.json()["server"]["image"]["links"][0]["href"] == f"{GATEWAY}{scoped}/images/i"


@played
async def test_a_users_own_json_stays_as_it_is() -> None:
    own = {"links": [{"rel": "self", "href": f"{GATEWAY}/image/v2/"}]}
    async with staged() as stage:
        stage.there.script = says_json(own)
        answer = await stage.ask("GET", "/image/scope/image=CloudTwo/v2/images/i/file", "X-Auth-Token: tok")
    assert answer.json() == own


@pytest.mark.parametrize("path", [HOME, ABROAD])
@pytest.mark.parametrize(
    ("method", "route"),
    [
        ("POST", "/v3/ec2tokens"),
        ("POST", "/v3/OS-FEDERATION/identity_providers/i/protocols/p/auth"),
        ("GET", "/v3/OS-FEDERATION/identity_providers/i/protocols/p/auth"),
    ],
)
@played
async def test_every_token_that_is_given_out_carries_the_scope(path: str, method: str, route: str) -> None:
    script = says_json({"token": {"methods": ["mapped"]}}, "X-Subject-Token: new", status="201 Created")
    async with staged(here=script, there=script) as stage:
        answer = await stage.ask(method, f"{path}{route}", body=b"{}" if method == "POST" else None)
    assert answer.status == 201
    (given,) = answer.values("x-subject-token")
    cloud = "image" if path == HOME else "identity"
    assert given == join_token("new", f'{{"*":"CloudOne","{cloud}":"CloudTwo"}}')


@pytest.mark.parametrize("path", [HOME, ABROAD])
@pytest.mark.parametrize("script", [says("302 Found", "Location: https://idp/"), says("200 OK", "Content-Type: text/xml")])
@played
async def test_a_federated_log_in_that_leads_elsewhere_is_refused(path: str, script: Script) -> None:
    """It would come back by a URL that has no scope in it."""
    async with staged(here=script, there=script) as stage:
        answer = await stage.ask("GET", f"{path}/v3/OS-FEDERATION/identity_providers/i/protocols/p/auth")
    assert answer.status == 400
    assert "without a token" in answer.error
    assert "exchange the token by POST /v3/auth/tokens" in answer.error


@played
async def test_a_receipt_of_a_second_factor_leads_on_at_the_same_url() -> None:
    first = says_json({"receipt": {}}, "Openstack-Auth-Receipt: r", status="401 Unauthorized")
    async with staged() as stage:
        stage.there.script = first
        answer = await stage.ask("POST", f"{ABROAD}/v3/auth/tokens", body=LOG_IN)
        assert (answer.status, answer.values("openstack-auth-receipt")) == (401, ["r"])
        stage.there.script = says_json({"token": {}}, "X-Subject-Token: new", status="201 Created")
        answer = await stage.ask("POST", f"{ABROAD}/v3/auth/tokens", "Openstack-Auth-Receipt: r", body=LOG_IN)
        assert stage.there.visits[-1].values("openstack-auth-receipt") == ["r"]
    assert answer.values("x-subject-token") == [join_token("new", '{"*":"CloudOne","identity":"CloudTwo"}')]


@played
async def test_a_revocation_is_answered_as_keystone_answers_it() -> None:
    async with staged() as stage:
        stage.there.script = says("204 No Content")
        answer = await stage.ask("DELETE", f"{ABROAD}/v3/auth/tokens", "X-Auth-Token: tok", "X-Subject-Token: tok")
    assert answer.status == 204


@played
async def test_a_body_streams_to_the_cloud_of_the_url() -> None:
    async def takes(visit: Visit) -> None:
        await visit.read_body()
        visit.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async with staged() as stage:
        stage.there.script = takes
        answer = await stage.ask("PUT", "/image/scope/image=CloudTwo/v2/images/i/file", "X-Auth-Token: tok", body=b"x" * 300_000)
        (visit,) = stage.there.visits
    assert answer.status == 201
    assert (visit.line, len(visit.body)) == ("PUT /image/v2/images/i/file HTTP/1.1", 300_000)
