# SPDX-License-Identifier: Apache-2.0
"""A reader account logs in at its URL, once for all waiting requests, and its errors hold no secret."""

import asyncio
import gzip
import json
import logging
from types import SimpleNamespace
from typing import cast

import pytest
from keystoneauth1.identity import v3

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity import keystone_reader
from openstackoid.bridge.identity.keystone_reader import log_in_document, readers_of
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.mesh import APPLICATION_CREDENTIAL, PASSWORD, Account, Timeouts
from unit.bridge.keystone import SECRET, Keystone, readers
from unit.bridge.stage import Script, Stage, Visit, never, played, says, says_json, staged


def reader(stage: Stage, url: str = "") -> Reader:
    return readers(stage, url)["CloudTwo"]


async def failure(reader: Reader) -> AnswerError:
    with pytest.raises(AnswerError) as failed:
        await reader.token()
    assert SECRET not in failed.value.message
    return failed.value


@played
async def test_the_reader_logs_in_with_system_scope_and_without_a_catalog(caplog: pytest.LogCaptureFixture) -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        with caplog.at_level(logging.INFO, "openstackoid.bridge"):
            account = reader(stage)
            assert repr(account) == "<KeystoneReader at CloudTwo: no token>"
            assert await account.token() == "reader-1"
    (visit,) = keystone.logins
    assert visit.line == "POST /id/v3/auth/tokens?nocatalog HTTP/1.1"
    user = {"name": "reader", "domain": {"name": "Default"}, "password": SECRET}
    identity = {"methods": ["password"], "password": {"user": user}}
    assert json.loads(visit.body) == {"auth": {"identity": identity, "scope": {"system": {"all": True}}}}
    assert "the reader account at CloudTwo has logged in" in caplog.text
    assert SECRET not in caplog.text
    assert "reader-1" not in caplog.text + repr(account)


@played
async def test_the_reader_logs_in_by_an_application_credential() -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        options = {"application_credential_id": "abc", "application_credential_secret": SECRET}
        account = Account(APPLICATION_CREDENTIAL, f"http://127.0.0.1:{stage.ports['there']}/id/v3", options)
        await readers_of({"CloudTwo": account}, stage.bridge.context.upstream, Timeouts())["CloudTwo"].token()
    said = json.loads(keystone.logins[0].body)["auth"]["identity"]
    assert said == {"methods": ["application_credential"], "application_credential": {"id": "abc", "secret": SECRET}}


@played
async def test_the_token_is_kept_and_waiting_requests_share_one_log_in() -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        account = reader(stage)
        assert await asyncio.gather(*(account.token() for _ in range(20))) == ["reader-1"] * 20
        assert await account.token() == "reader-1"
        assert len(keystone.logins) == 1


@pytest.mark.parametrize(("life", "logins"), [(3600.0, 1), (1.0, 2)])
@played
async def test_the_readers_token_is_renewed_before_it_ends(life: float, logins: int) -> None:
    keystone = Keystone(life=life)
    async with staged(there=keystone) as stage:
        account = reader(stage)
        await account.token()
        await asyncio.sleep(0.6)
        assert await account.token() == f"reader-{logins}"


@played
async def test_a_token_that_is_dropped_is_renewed_but_not_the_one_after_it() -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        account = reader(stage)
        await account.token()
        account.drop("reader-1")
        assert await account.token() == "reader-2"
        account.drop("reader-1")
        assert await account.token() == "reader-2"


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found"])
@played
async def test_a_refused_log_in_is_said_at_once_and_not_tried_for_a_while(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystone_reader, "PAUSE", 1)
    keystone = Keystone(login=says_json({"error": {"code": 401, "message": f"no {SECRET}"}}, status=status))
    async with staged(there=keystone) as stage:
        account = reader(stage)
        for _ in range(3):
            error = await failure(account)
            assert error.status == 503
            where = f"identity of CloudTwo at http://127.0.0.1:{stage.ports['there']}/id/v3"
            code = status.split(" ", maxsplit=1)[0]
            assert error.message.startswith(f"gateway of CloudOne: {where}: the reader account at CloudTwo was refused: {code}")
        assert len(keystone.logins) == 1, "Keystone may lock an account that fails again and again"
        keystone.login = None
        await asyncio.sleep(1)
        assert await account.token() == "reader-2"


async def breaks_off(visit: Visit) -> None:
    visit.send("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")


TIMES = {"issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2026-01-01T01:00:00.000000Z"}
NOT_A_TOKEN = "the answer is not a token of the Identity API"


@pytest.mark.parametrize(
    ("login", "status", "words"),
    [
        (says_json({}, status="500 Internal Server Error"), 502, "cannot log in: 500"),
        (says_json({}, status="503 Service Unavailable"), 503, "cannot log in: 503"),
        (says_json({}, status="504 Gateway Timeout"), 504, "cannot log in: 504"),
        (never, 504, "gets no answer within 0.5 s"),
        (breaks_off, 503, "cannot log in: its Keystone closed the connection before its answer was complete"),
        (says("201 Created", body=b"<html>"), 502, NOT_A_TOKEN),
        (says("201 Created", body=b"[1]"), 502, NOT_A_TOKEN),
        (says_json({"token": {}}, status="201 Created"), 502, NOT_A_TOKEN),
        (says_json({"token": {}}, "X-Subject-Token: t", status="201 Created"), 502, NOT_A_TOKEN),
        (says_json({"token": 5}, "X-Subject-Token: t", status="201 Created"), 502, NOT_A_TOKEN),
        (says_json({"token": {"expires_at": "soon"}}, "X-Subject-Token: t", status="201 Created"), 502, NOT_A_TOKEN),
        (says_json({"token": TIMES}, status="201 Created"), 502, NOT_A_TOKEN),
        (says_json({"token": TIMES}, "X-Subject-Token: t\u00e9", status="201 Created"), 502, NOT_A_TOKEN),
        (says("201 Created", "X-Subject-Token: t", body=b"[" * 100_000), 502, NOT_A_TOKEN),
    ],
)
@played
async def test_a_peer_that_fails_is_named_and_asked_again_by_the_next(login: Script, status: int, words: str) -> None:
    keystone = Keystone(login=login)
    async with staged(there=keystone) as stage:
        account = reader(stage)
        error = await failure(account)
        assert error.status == status
        assert words in error.message
        assert "the reader account at CloudTwo" in error.message
        keystone.login = None
        assert await account.token() == "reader-2"


async def for_ever(visit: Visit, head: str, again: bytes, pause: float) -> None:
    await visit.read_body()
    visit.send(head)
    while True:
        visit.send(again)
        await visit.writer.drain()
        await asyncio.sleep(pause)


CREATED = "HTTP/1.1 201 Created\r\nX-Subject-Token: t\r\n"


@pytest.mark.parametrize(
    ("head", "again", "pause", "status", "words"),
    [
        (f"{CREATED}\r\n", b" " * 65536, 0, 502, NOT_A_TOKEN),
        (f"{CREATED}Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n", b" " * 65536, 0, 502, NOT_A_TOKEN),
        (f"{CREATED}Content-Length: 1000\r\n\r\n", b" ", 0.1, 504, "gets no answer within 0.5 s"),
        (CREATED, b"X-A: a\r\n", 0.1, 504, "gets no answer within 0.5 s"),
        ("", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01, 504, "gets no answer within 0.5 s"),
    ],
    ids=["a body", "a chunk", "a slow body", "a slow head", "interim answers"],
)
@played
async def test_an_answer_without_measure_is_given_up(head: str, again: bytes, pause: float, status: int, words: str) -> None:
    async with staged(there=Keystone(login=lambda visit: for_ever(visit, head, again, pause))) as stage:
        account = reader(stage)
        began = asyncio.get_running_loop().time()
        for _ in range(2):
            error = await failure(account)
            assert (error.status, words in error.message) == (status, True)
        assert asyncio.get_running_loop().time() - began < 4


@played
async def test_a_packed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(json.dumps({"token": {}}).encode())
    async with staged(
        there=Keystone(login=says("201 Created", "Content-Encoding: gzip", "X-Subject-Token: t", body=packed))
    ) as stage:
        error = await failure(reader(stage))
    assert (error.status, NOT_A_TOKEN in error.message) == (502, True)
    assert stage.there.visits[0].values("accept-encoding") == ["identity"]


@played
async def test_a_peer_that_is_down() -> None:
    async with staged() as stage:
        error = await failure(reader(stage, f"http://127.0.0.1:{stage.ports['dead']}/id/v3"))
    assert (error.status, "its Keystone cannot be reached" in error.message) == (503, True)


@played
async def test_the_password_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where an answer redirects to, and not to a proxy of the environment."""
    async with staged() as stage:
        elsewhere = f"http://127.0.0.1:{stage.ports['here']}"
        monkeypatch.setenv("http_proxy", elsewhere)
        stage.there.script = says("307 Temporary Redirect", f"Location: {elsewhere}/v3/auth/tokens")
        error = await failure(reader(stage))
        assert (error.status, NOT_A_TOKEN in error.message) == (502, True)
        assert (len(stage.there.visits), stage.here.visits) == (1, [])


@played
async def test_a_cancelled_request_does_not_cancel_the_shared_log_in() -> None:
    async def slow(visit: Visit) -> None:
        await asyncio.sleep(0.2)
        await keystone.log_in()(visit)

    keystone = Keystone(login=slow)
    async with staged(there=keystone) as stage:
        account = reader(stage)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(account.token(), 0.05)
        assert await account.token() == "reader-1"
        assert len(keystone.logins) == 1


USER = {"user_domain_id": "d", "username": "reader"}


@pytest.mark.parametrize(
    ("plugin", "options", "identity", "scope"),
    [
        (
            PASSWORD,
            {"user_id": "u", "username": "reader", "project_id": "p"},
            {"password": {"user": {"id": "u", "password": SECRET}}},
            {"project": {"id": "p"}},
        ),
        (
            PASSWORD,
            {**USER, "project_name": "P", "project_domain_name": "D"},
            {"password": {"user": {"name": "reader", "domain": {"id": "d"}, "password": SECRET}}},
            {"project": {"name": "P", "domain": {"name": "D"}}},
        ),
        (
            APPLICATION_CREDENTIAL,
            {**USER, "application_credential_name": "c"},
            {
                "application_credential": {
                    "name": "c",
                    "user": {"name": "reader", "domain": {"id": "d"}},
                    "secret": SECRET,
                }
            },
            None,
        ),
    ],
)
def test_the_document_is_that_of_the_identity_api(
    plugin: str, options: dict[str, str], identity: dict[str, object], scope: object
) -> None:
    secret = {"password": SECRET} if plugin == PASSWORD else {"application_credential_secret": SECRET}
    auth = log_in_document(Account(plugin, "http://two/v3", {**options, **secret}))["auth"]
    method = plugin.removeprefix("v3").replace("applicationcredential", "application_credential")
    assert auth == {"identity": {"methods": [method], **identity}} | ({"scope": scope} if scope else {})


@pytest.mark.parametrize("plugin", [PASSWORD, APPLICATION_CREDENTIAL])
def test_the_document_is_that_of_keystoneauth(plugin: str) -> None:
    options = {**USER, "password": SECRET, "system_scope": "all"}
    if plugin == APPLICATION_CREDENTIAL:
        options = {**USER, "application_credential_name": "c", "application_credential_secret": SECRET}
    auth = {PASSWORD: v3.Password, APPLICATION_CREDENTIAL: v3.ApplicationCredential}[plugin]("http://two/v3", **options)
    sent = []

    def post(_: str, json: object, **__: object) -> None:
        sent.append(json)
        raise AssertionError

    with pytest.raises(AssertionError):
        auth.get_auth_ref(SimpleNamespace(post=post))
    assert sent == [log_in_document(Account(plugin, "http://two/v3", options))]


def test_the_account_of_this_cloud_is_named_by_its_setting() -> None:
    upstream = SimpleNamespace(at="CloudOne")
    own = Target("http://h/v3", "identity of CloudOne at http://h", "to")
    account = Account(PASSWORD, "", {})
    (validator,) = readers_of({"CloudOne": account}, cast("Upstream", upstream), Timeouts(), own=own).values()
    words = "gateway of CloudOne: identity of CloudOne at http://h: the account of 'validator' was refused: 401"
    assert validator.refused(401).message == words
