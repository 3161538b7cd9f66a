# SPDX-License-Identifier: Apache-2.0
"""Requests of the bridge to a peer are audited, and only the audit log gets the peer's admission header."""

import asyncio
from typing import Any

import pytest

from openstackoid.bridge.audit.admission_header import Admission, encode
from openstackoid.bridge.audit.audit_log import Party
from unit.bridge.raw_messages import head
from unit.bridge.stage import Stage, never, played, says, says_json, staged, token

ID = "req-0a1b2c3d-0000-4000-8000-000000000000"
ADMISSION_HEADER = encode(Admission(Party("u1", "ada", "Default"), Party("p1", "demo", "Default"), "staff"))
TOLD = f"X-Openstackoid-Use: {ADMISSION_HEADER}"
TOKEN = 'X-Auth-Token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}'
SECRET = "s3cr3t-marked"


async def line(stage: Stage) -> dict[str, Any]:
    """Return the one line, which is written when the answer is out."""
    while not (found := stage.audited()):
        await asyncio.sleep(0.01)
    assert len(found) == 1
    return found[0]


@played
async def test_a_request_to_a_peer_is_audited_with_the_peers_admission_header() -> None:
    async with staged(there=says("200 OK", TOLD, body=b"x")) as stage:
        source = "X-Forwarded-For: 192.0.2.7"
        answer = await stage.ask("GET", "/image/v2/images/i/file", TOKEN, f"X-OpenStack-Request-Id: {ID}", source)
        assert (answer.status, answer.body, answer.values("x-openstackoid-use")) == (200, b"x", [])
        assert stage.there.visits[0].values("x-forwarded-for") == [], "no peer is told the address of a client"
        found = await line(stage)
        assert found.pop("time").endswith("Z")
        assert found == {
            "gateway": "CloudOne",
            "direction": "out",
            "home": "CloudOne",
            "cloud": "CloudTwo",
            "user": {"id": "u1", "name": "ada", "domain": "Default"},
            "project": {"id": "p1", "name": "demo", "domain": "Default"},
            "roles": [],
            "sender": None,
            "source": "192.0.2.7",
            "service": "image",
            "interface": "public",
            "method": "GET",
            "path": "/image/v2/images/i/file",
            "rule": "staff",
            "outcome": "allowed",
            "status": 200,
            "reason": None,
            "request_id": ID,
        }


@played
async def test_a_request_without_an_id_leaves_and_is_audited_with_one() -> None:
    async with staged(there=says("200 OK")) as stage:
        await stage.ask("GET", "/image/v2/images/i/file", TOKEN)
        sent = stage.there.visits[0].values("x-openstack-request-id")
        assert sent == [(await line(stage))["request_id"]]
        assert sent[0].startswith("req-a0d17000-")


@played
async def test_a_request_that_stays_is_not_audited_and_its_admission_header_is_dropped() -> None:
    async with staged(here=says("200 OK", TOLD)) as stage:
        answer = await stage.ask("GET", "/image/v2/images/i/file", "X-Auth-Token: tok")
        assert (answer.status, answer.values("x-openstackoid-use")) == (200, [])
        assert stage.audited() == []


@pytest.mark.parametrize("told", ["", "X-Openstackoid-Use: e30", "X-Openstackoid-Use: a\r\nX-Openstackoid-Use: b"])
@pytest.mark.parametrize(("status", "outcome"), [("403 Forbidden", "refused"), ("200 OK", "allowed"), ("409 Conflict", "failed")])
@played
async def test_without_a_readable_admission_header_the_status_gives_the_outcome(told: str, status: str, outcome: str) -> None:
    async with staged(there=says(status, *([told] if told else []))) as stage:
        answer = await stage.ask("GET", "/image/v2/images/i/file", TOKEN)
        assert answer.values("x-openstackoid-use") == []
        found = await line(stage)
        assert (found["status"], found["outcome"], found["user"], found["rule"]) == (int(status[:3]), outcome, None, None)


@pytest.mark.parametrize(
    ("status", "outcome"), [("401 Unauthorized", "refused"), ("403 Forbidden", "refused"), ("404 No", "allowed")]
)
@played
async def test_a_refusal_is_no_use_whatever_the_peer_says(status: str, outcome: str) -> None:
    """A peer refuses the user, and says that another one was let in."""
    async with staged(there=says(status, TOLD)) as stage:
        await stage.ask("GET", "/image/v2/images/i/file", TOKEN)
        found = await line(stage)
        assert (found["status"], found["outcome"], found["rule"]) == (int(status[:3]), outcome, "staff")


@played
async def test_a_validation_at_the_users_home_is_written_down_with_the_peers_own_word() -> None:
    """The service here gets a 404, for the token is unknown; the peer refused it."""
    async with staged(there=says("401 Unauthorized")) as stage:
        asked = ["X-Auth-Token: svc", 'X-Subject-Token: usr!SCOPE!{"*":"CloudTwo"}']
        assert (await stage.ask("GET", "/identity/v3/auth/tokens", *asked)).status == 404
        found = await line(stage)
        assert (found["home"], found["cloud"], found["service"]) == ("CloudTwo", "CloudTwo", "identity")
        assert (found["status"], found["outcome"]) == (401, "refused")


@played
async def test_the_admission_header_of_a_peers_keystone_is_audited_and_dropped() -> None:
    async with staged(there=says_json(token(catalog=[]), TOLD)) as stage:
        asked = ["X-Auth-Token: svc", 'X-Subject-Token: usr!SCOPE!{"*":"CloudTwo"}']
        answer = await stage.ask("GET", "/identity/v3/auth/tokens", *asked)
        assert (answer.status, answer.values("x-openstackoid-use")) == (200, [])
        assert (await line(stage))["rule"] == "staff"


@played
async def test_a_peer_that_is_not_there_was_not_reached() -> None:
    async with staged() as stage:
        asked = 'X-Auth-Token: tok!SCOPE!{"*":"CloudOne","network":"CloudTwo"}'
        assert (await stage.ask("GET", "/network/v2.0/networks", asked)).status == 503
        found = await line(stage)
        assert (found["status"], found["outcome"]) == (503, "failed")


@played
async def test_a_client_that_leaves_is_written_down() -> None:
    async with staged(there=never) as stage:
        _, writer = await stage.connect()
        writer.write(head("GET", "/image/v2/images/i/file", TOKEN))
        while not stage.there.visits:
            await asyncio.sleep(0.01)
        writer.close()
        found = await line(stage)
        assert (found["status"], found["outcome"]) == (504, "failed"), "HAProxy waits for the peer's answer"


@played
async def test_a_log_that_cannot_be_written_holds_up_no_request_that_leaves(caplog: pytest.LogCaptureFixture) -> None:
    async with staged(there=says("200 OK")) as stage:
        stage.audit_log.mkdir()
        for _ in range(2):
            assert (await stage.ask("GET", "/image/v2/images/i/file", TOKEN)).status == 200
        await asyncio.sleep(0.05)
        stage.audit_log.rmdir()
        await stage.ask("GET", "/image/v2/images/i/file", TOKEN)
        while not (found := stage.audited()):
            await asyncio.sleep(0.01)
    assert [(each["outcome"], each.get("count")) for each in found] == [("lost", 2), ("allowed", None)]
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("audit: ")]
    assert ["audit.log: the audit line cannot be written" in said[0], said[1:]] == [
        True,
        ["audit: 2 lines about requests that were served were lost; they are written again"],
    ]


@played
async def test_no_token_query_or_body_is_written_down() -> None:
    scope = '{"*":"CloudOne","image":"CloudTwo"}'
    path = f"/image/v2/{SECRET}{'x' * 40}?token={SECRET}"
    async with staged(there=says("200 OK", f"Set-Cookie: {SECRET}", body=SECRET.encode())) as stage:
        await stage.ask("PUT", path, f"X-Auth-Token: {SECRET}!SCOPE!{scope}", f"X-Service-Token: {SECRET}", body=SECRET.encode())
        await stage.ask("GET", path, f"X-Scope: {scope}", f"X-OpenStack-Request-Id: {SECRET}", f"X-Openstackoid-Use: {SECRET}")
        while len(stage.audited()) < 2:
            await asyncio.sleep(0.01)
        assert SECRET not in stage.audit_log.read_text()
        assert [found["path"] for found in stage.audited()] == ["/image/v2/..."] * 2
