# SPDX-License-Identifier: Apache-2.0
"""The use of a reader account, and of its token."""

import asyncio
import logging
import subprocess
import sys
from dataclasses import dataclass

import pytest

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.readers import AccountError, Reader, asked_with, asks_for_expired
from unit.bridge.keystone import SECRET, UNAUTHORIZED, Keystone, readers
from unit.bridge.stage import Visit, never, played, says, says_json, staged
from waiting import timed

TOKENS = "/identity/v3/auth/tokens"
GLANCE = "X-Auth-Token: glance"
FOREIGN = 'X-Subject-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'
THERE = 'X-Scope: {"identity":"CloudTwo"}'
EXPIRED = f"{TOKENS}?allow_expired=1"


@pytest.mark.parametrize(
    "query",
    [
        "allow_expired=1",
        "nocatalog&allow_expired=true",
        "allow_expired=Yes",
        "allow_expired=%74",
        "allow_expired=+on+",
        "allow_expired=y&allow_expired=0",
    ],
)
def test_values_that_keystone_reads_as_true(query: str) -> None:
    assert asks_for_expired(query)


@pytest.mark.parametrize(
    "query",
    [None, "", "allow_expired", "allow_expired=", "allow_expired=0", "allow_expired=2", "x=allow_expired=1", "Allow_Expired=1"],
)
def test_values_that_keystone_reads_as_false(query: str | None) -> None:
    assert not asks_for_expired(query)


@dataclass
class Said:
    status: int


class Numbered(Reader):
    """Hands out 1, 2, ..., a new one when the last was dropped."""

    def __init__(self) -> None:
        self.number = 1

    async def token(self) -> str:
        return str(self.number)

    def drop(self, token: str) -> None:
        assert token == str(self.number)
        self.number += 1

    def refused(self, status: int) -> AccountError:
        return AccountError(503, f"refused: {status}")


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [([200], "200"), ([404], "404"), ([500], "500"), ([401, 200], "200"), ([401, 401], "refused: 401"), ([403], "refused: 403")],
)
@played
async def test_a_void_token_is_renewed_once(answers: list[int], outcome: str) -> None:
    shown: list[str] = []

    async def ask(token: str) -> Said:
        shown.append(token)
        return Said(answers[len(shown) - 1])

    try:
        said = str((await asked_with(Numbered(), ask)).status)
    except AnswerError as error:
        said = error.message
    assert said == outcome
    assert shown == ["1", "2"][: len(answers)]


def test_without_reader_accounts_no_client_library_is_imported() -> None:
    script = "import sys, openstackoid.bridge.http.server; sys.exit(bool({'keystoneauth1', 'requests'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@played
async def test_about_an_expired_token_the_reader_account_asks(caplog: pytest.LogCaptureFixture) -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        with caplog.at_level(logging.INFO):
            answers = [await stage.ask("GET", EXPIRED, GLANCE, FOREIGN, "X-Service-Token: nova") for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert {entry["endpoints"][0]["region"] for entry in answers[0].json()["token"]["catalog"]} == {"CloudOne"}
    assert [visit.values("x-auth-token") for visit in keystone.validations] == [["usr"], ["reader-1"]] * 2
    assert {visit.line for visit in keystone.validations} == {"GET /id/v3/auth/tokens?allow_expired=1 HTTP/1.1"}
    for visit in keystone.validations + keystone.logins:
        assert b"glance" not in visit.head + visit.body, "a credential of this cloud stays in it"
        assert b"nova" not in visit.head
    assert [visit.values("x-subject-token") for visit in keystone.validations] == [["usr"]] * 4
    assert len(keystone.logins) == 1
    for secret in (SECRET, "reader-1", "usr"):
        assert secret not in caplog.text


@played
async def test_about_a_token_that_may_not_vouch_for_itself_the_reader_account_asks() -> None:
    """As Keystone has it for a trust with impersonation."""
    keystone = Keystone()

    async def there(visit: Visit) -> None:
        own = visit.values("x-auth-token") == ["usr"]
        await (says("403 Forbidden") if own else keystone)(visit)

    async with staged(there=there) as stage:
        stage.change(readers=readers(stage))
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN, "OpenStack-Identity-Access-Rules: 1")
        catalog = await stage.ask("GET", "/identity/v3/auth/catalog", "X-Auth-Token: usr", THERE)
    assert answer.status == 200
    (asked,) = keystone.validations
    assert asked.line == "GET /id/v3/auth/tokens HTTP/1.1"
    assert asked.values("openstack-identity-access-rules") == ["1"]
    assert catalog.status == 403, "of the catalog itself, Keystone's own word counts"


@played
async def test_a_validation_by_head_may_be_about_an_expired_token_too() -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        assert (await stage.ask("HEAD", EXPIRED, GLANCE, FOREIGN)).status == 200
    assert [visit.line.split()[0] for visit in keystone.validations] == ["GET", "GET"], "judged as others"


@pytest.mark.parametrize(
    ("target", "account"),
    [(TOKENS, True), (f"{TOKENS}?allow_expired=0", True), (EXPIRED, False)],
    ids=["not asked", "no", "none"],
)
@played
async def test_the_reader_account_is_left_out_where_it_is_not_asked_for(target: str, account: bool) -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage) if account else {})
        assert (await stage.ask("GET", target, GLANCE, FOREIGN)).status == 404
    assert (keystone.logins, len(keystone.validations)) == ([], 1)


@pytest.mark.parametrize(("method", "headers"), [("GET", ("X-Auth-Token: own", "X-Subject-Token: usr")), ("POST", ())])
@played
async def test_a_caller_with_a_credential_of_that_cloud_gets_no_reader_account(method: str, headers: tuple[str, ...]) -> None:
    async with staged(there=UNAUTHORIZED) as stage:
        stage.change(readers=readers(stage))
        assert (await stage.ask(method, EXPIRED, THERE, *headers, body=b"{}" if method == "POST" else None)).status == 401
        assert len(stage.there.visits) == 1


@played
async def test_a_good_token_is_not_held_up_by_a_broken_account() -> None:
    keystone = Keystone(login=UNAUTHORIZED, good={"usr"})
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        assert (await stage.ask("GET", EXPIRED, GLANCE, FOREIGN)).status == 200
    assert keystone.logins == []


@played
async def test_a_broken_account_is_not_taken_for_a_bad_token(caplog: pytest.LogCaptureFixture) -> None:
    keystone = Keystone(login=UNAUTHORIZED)
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        with caplog.at_level(logging.INFO):
            answer = await stage.ask("GET", EXPIRED, GLANCE, FOREIGN)
        place = f"identity of CloudTwo at http://127.0.0.1:{stage.ports['there']}/id/v3"
    assert answer.status == 503
    assert answer.error == f"gateway of CloudOne: {place}: the reader account at CloudTwo was refused: 401"
    assert answer.error in caplog.text
    assert SECRET not in caplog.text


@played
async def test_an_account_without_the_role_is_named() -> None:
    keystone = Keystone(validation=says_json({"error": {"code": 403}}, status="403 Forbidden"))
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        answer = await stage.ask("GET", EXPIRED, GLANCE, FOREIGN)
    assert answer.status == 503
    assert answer.error.endswith("was refused: 403; the policy there does not let it validate tokens")


@played
async def test_a_token_that_the_reader_account_finds_unknown_is_unknown() -> None:
    said = {"error": {"code": 404, "message": "Could not find token"}}
    keystone = Keystone(validation=says_json(said, status="404 Not Found"))
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        answer = await stage.ask("GET", EXPIRED, GLANCE, FOREIGN)
    assert (answer.status, answer.json()) == (404, said)


@played
async def test_a_reader_token_that_was_revoked_is_renewed() -> None:
    keystone = Keystone()
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        await stage.ask("GET", EXPIRED, GLANCE, FOREIGN)
        keystone.good.clear()
        assert (await stage.ask("GET", EXPIRED, GLANCE, FOREIGN)).status == 200
    assert [visit.values("x-auth-token")[0] for visit in keystone.validations[2:]] == ["usr", "reader-1", "reader-2"]


@timed
@played
async def test_log_in_and_validation_have_the_time_of_one_question() -> None:
    """HAProxy waits no longer for the bridge."""
    keystone = Keystone(validation=never)
    async with staged(there=keystone) as stage:
        stage.change(readers=readers(stage))
        began = asyncio.get_running_loop().time()
        answer = await stage.ask("GET", EXPIRED, GLANCE, FOREIGN)
        assert asyncio.get_running_loop().time() - began < 1.5
    assert answer.status == 504
    assert "identity of CloudTwo" in answer.error
