# SPDX-License-Identifier: Apache-2.0
"""A log-in, an exchange of a token and a catalog are relayed to the Keystone that the scope names."""

import json

import pytest

from openstackoid.scope import join_token
from unit.bridge.proxy.relayed import PASSWORD, THEIRS, THERE, TOKENS, regions, urls
from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import Visit, played, says, says_json, staged, token


@played
async def test_a_failed_log_in_at_another_cloud_is_401() -> None:
    async with staged(there=says_json({"error": {"code": 401}}, status="401 Unauthorized")) as stage:
        assert (await stage.ask("POST", TOKENS, THERE, body=json.dumps(PASSWORD).encode())).status == 401


@pytest.mark.parametrize("wait", [False, True])
@played
async def test_authentication_in_another_cloud(wait: bool) -> None:
    body = json.dumps(PASSWORD, ensure_ascii=False).encode()
    expects = ["Expect: 100-continue"] if wait else []
    async with staged(there=says_json(token(catalog=THEIRS), "X-Subject-Token: new", status="201 Created")) as stage:
        reader, writer = await stage.connect()
        kind = "Content-Type: application/json"
        writer.write(head("POST", TOKENS, THERE, kind, f"Content-Length: {len(body)}", *expects))
        if wait:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(body)
        answer = await read_answer(reader)
        writer.close()
        (visit,) = stage.there.visits
    assert (visit.line, visit.body) == ("POST /id/v3/auth/tokens HTTP/1.1", body)
    assert (visit.values("x-scope"), visit.values("expect"), visit.values("content-type")) == ([], [], ["application/json"])
    assert (answer.status, answer.values("x-subject-token")) == (201, ["new"])
    assert answer.values("x-scope-identity") == ["CloudTwo"], "the client can tell its user whose token this is"
    assert regions(answer.json()["token"]["catalog"]) == {"CloudOne"}


def by_token(value: str) -> bytes:
    document = {"auth": {"identity": {"methods": ["token"], "token": {"id": value}}, "scope": {"project": {"id": "p"}}}}
    return json.dumps(document).encode()


@played
async def test_a_new_token_for_a_scoped_one_carries_on_its_scope_at_home() -> None:
    said = token(catalog=[{"type": "compute", "endpoints": []}])
    async with staged(here=says_json(said, "X-Subject-Token: new", status="201 Created")) as stage:
        answer = await stage.ask("POST", TOKENS, body=by_token('old!SCOPE!{"image":"CloudTwo"}'))
        (visit,) = stage.here.visits
    assert visit.line == "POST /keystone/v3/auth/tokens HTTP/1.1"
    assert json.loads(visit.body) == json.loads(by_token("old"))
    assert visit.values("content-length") == [str(len(visit.body))]
    assert answer.values("x-subject-token") == [join_token("new", '{"*":"CloudOne","image":"CloudTwo"}')]
    assert answer.json() == said, "this cloud's own Keystone says what it says"


@played
async def test_a_new_token_for_a_scoped_one_carries_on_its_scope_abroad() -> None:
    async with staged(there=says_json(token(catalog=THEIRS), "X-Subject-Token: new", status="201 Created")) as stage:
        answer = await stage.ask("POST", TOKENS, body=by_token('old!SCOPE!{"identity":"CloudTwo"}'))
        (visit,) = stage.there.visits
    assert json.loads(visit.body) == json.loads(by_token("old"))
    assert answer.values("x-subject-token") == [join_token("new", '{"*":"CloudOne","identity":"CloudTwo"}')]
    assert regions(answer.json()["token"]["catalog"]) == {"CloudOne"}


@pytest.mark.parametrize("body", [by_token("plain"), b"", b"{", b'{"auth": [1]}', b"[" * 60_000, json.dumps(PASSWORD).encode()])
@played
async def test_an_authentication_without_a_scope_arrives_as_it_is(body: bytes) -> None:
    async with staged(here=says_json({}, "X-Subject-Token: new", status="201 Created")) as stage:
        answer = await stage.ask("POST", TOKENS, body=body)
        assert stage.here.visits[0].body == body
    assert (answer.status, answer.values("x-subject-token")) == (201, ["new"])


@played
async def test_the_catalog_of_a_foreign_token_asks_which_project_it_is_for() -> None:
    async def script(visit: Visit) -> None:
        await says_json({"catalog": THEIRS, "links": {}} if "auth/catalog " in visit.line else token())(visit)

    async with staged(there=script) as stage:
        answer = await stage.ask("GET", "/identity/v3/auth/catalog", "X-Auth-Token: tok", THERE)
        first, second = stage.there.visits
    assert first.line == "GET /id/v3/auth/catalog HTTP/1.1"
    assert second.line == "GET /id/v3/auth/tokens?nocatalog HTTP/1.1"
    assert (second.values("x-auth-token"), second.values("x-subject-token")) == (["tok"], ["tok"])
    assert "http://127.0.0.1:8801/volume/v3/p1" in urls(answer.json()["catalog"])
    assert answer.json()["links"] == {}


@pytest.mark.parametrize(("says_of_it", "status", "words"), [("404", 502, "answers 404"), ("403", 403, "key 'validator'")])
@played
async def test_the_catalog_of_a_token_that_is_refused_a_project_is_not_guessed(says_of_it: str, status: int, words: str) -> None:
    async def script(visit: Visit) -> None:
        await (says_json({"catalog": THEIRS}) if "auth/catalog " in visit.line else says(f"{says_of_it} No"))(visit)

    async with staged(there=script) as stage:
        answer = await stage.ask("GET", "/identity/v3/auth/catalog", "X-Auth-Token: tok", THERE)
    assert answer.status == status
    assert words in answer.error


@played
async def test_a_refusal_of_the_peer_names_our_own_keystone() -> None:
    refusal = says("401 Unauthorized", 'WWW-Authenticate: Keystone uri="http://127.0.0.2:5000/v3"')
    async with staged(there=refusal) as stage:
        answer = await stage.ask("POST", "/identity/v3/auth/tokens", THERE, body=b"{}")
    assert (answer.status, answer.values("www-authenticate")) == (401, ['Keystone uri="http://127.0.0.1:8801/identity/v3"'])
