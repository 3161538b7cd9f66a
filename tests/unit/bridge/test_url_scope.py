# SPDX-License-Identifier: Apache-2.0
"""A scope in the authentication URL: the token carries it on, and so does every link that the client follows to get one."""

import json

import pytest

from openstackoid.scope import join_token
from unit.bridge.stage import played, says, says_json, staged

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
