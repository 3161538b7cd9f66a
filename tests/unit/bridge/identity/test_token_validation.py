# SPDX-License-Identifier: Apache-2.0
"""The user of a token: validated once, cached for a time, and then forgotten."""

import asyncio
from dataclasses import replace

import pytest

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity import token_validation
from openstackoid.bridge.identity.questions import MOST_QUESTIONS
from openstackoid.bridge.identity.token_validation import REFUSED_SECONDS, Asked, TokenValidator
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.upstream.target import target_of
from openstackoid.mesh import Listener
from unit.bridge.stage import Stage, Visit, played, says, says_json, staged, token

ID = "req-0a1b2c3d-0000-4000-8000-000000000000"
HEAD = Head("GET", Listener("127.0.0.1", 8801), "/image", None, (("X-OpenStack-Request-Id", ID),))


def asked(stage: Stage, seconds: float = 60) -> Asked:
    mesh = stage.mesh
    identity = mesh.clouds["CloudTwo"].endpoint("identity", "public")
    assert identity is not None
    target = target_of(mesh, "CloudOne", identity, "/id/v3/auth/tokens")
    return Asked(identity, target, seconds, mesh.clouds["CloudOne"].timeouts)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@played
async def test_however_many_wait_for_the_answer_the_question_is_asked_once() -> None:
    async def slow(visit: Visit) -> None:
        await asyncio.sleep(0.05)
        await says_json(token())(visit)

    async with staged(there=slow) as stage:
        known = TokenValidator(stage.bridge.context.authorizer.upstream)
        found = await asyncio.gather(*(known.of("usr", asked(stage), HEAD) for _ in range(20)))
        assert len(stage.there.visits) == 1
        assert stage.there.visits[0].values("x-openstack-request-id") == [ID]
    assert {principal.user.id for principal in found if principal is not None} == {"u1"}


@played
async def test_a_cancelled_question_does_not_cancel_the_others() -> None:
    async def slow(visit: Visit) -> None:
        await asyncio.sleep(0.05)
        await says_json(token())(visit)

    async with staged(there=slow) as stage:
        known = TokenValidator(stage.bridge.context.authorizer.upstream)
        first = asyncio.create_task(known.of("usr", asked(stage), HEAD))
        second = asyncio.create_task(known.of("usr", asked(stage), HEAD))
        await asyncio.sleep(0.01)
        first.cancel()
        assert await second is not None
        assert len(stage.there.visits) == 1


@played
async def test_a_bad_token_is_asked_about_again_after_a_few_seconds() -> None:
    async with staged(there=says("401 Unauthorized")) as stage:
        clock = Clock()
        known = TokenValidator(stage.bridge.context.authorizer.upstream, clock)
        assert [await known.of("bad", asked(stage), HEAD) for _ in range(3)] == [None, None, None]
        assert len(stage.there.visits) == 1
        clock.now += REFUSED_SECONDS
        assert await known.of("bad", asked(stage), HEAD) is None
        assert len(stage.there.visits) == 2


@played
async def test_a_failure_is_not_remembered() -> None:
    async with staged(there=says("503 Service Unavailable")) as stage:
        known = TokenValidator(stage.bridge.context.authorizer.upstream)
        for _ in range(2):
            with pytest.raises(AnswerError):
                await known.of("usr", asked(stage), HEAD)
        assert len(stage.there.visits) == 2


@played
async def test_invented_tokens_cause_a_bounded_number_of_questions() -> None:
    go = asyncio.Event()

    async def waits(visit: Visit) -> None:
        await go.wait()
        await says("401 Unauthorized")(visit)

    async with staged(there=waits) as stage:
        known = TokenValidator(stage.bridge.context.authorizer.upstream)
        patient = replace(asked(stage), timeouts=replace(asked(stage).timeouts, server=5, connect=5))
        tasks = [asyncio.create_task(known.of(f"t{number}", patient, HEAD)) for number in range(MOST_QUESTIONS + 5)]
        await asyncio.sleep(0.1)
        go.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [error for error in done if isinstance(error, AnswerError)]
    assert (len(refused), refused[0].status, refused[0].headers) == (5, 503, {"Retry-After": "1"})
    assert "identity of CloudTwo" in refused[0].message


@played
async def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_validation, "MOST", 2)
    async with staged(there=says_json(token())) as stage:
        known = TokenValidator(stage.bridge.context.authorizer.upstream)
        for name in ("a", "b", "a", "c", "a", "b"):
            assert await known.of(name, asked(stage), HEAD) is not None
        assert [visit.values("x-subject-token") for visit in stage.there.visits] == [["a"], ["b"], ["c"], ["b"]]


@played
async def test_the_memory_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer can give a user hundreds of roles with long names."""
    monkeypatch.setattr(token_validation, "MOST_BYTES", 100_000)
    roles = [f"{number}".zfill(255) for number in range(50)]
    async with staged(there=says_json(token(*roles))) as stage:
        known = TokenValidator(stage.bridge.context.authorizer.upstream)
        for name in ("a", "b", "a", "b"):
            assert await known.of(name, asked(stage), HEAD) is not None
        assert len(stage.there.visits) == 4, "one of them is remembered at a time"
