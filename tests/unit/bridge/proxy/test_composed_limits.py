# SPDX-License-Identifier: Apache-2.0
"""A request to several clouds takes a place for each, and all such requests share one memory."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from conformance.clouds import three_clouds
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.composed_limits import FREE, MEMORY, SHARE, ComposedLimits, HeldAnswers
from openstackoid.mesh import Cloud, Limits, Listener
from unit.bridge.stage import played


def cloud(**limits: float) -> Cloud:
    here = next(iter(three_clouds().clouds.values()))
    return replace(here, limits=Limits(**{"bridge": 40, "wait": 0.05, **limits}))  # type: ignore[arg-type]


def head(token: str) -> Head:
    return Head("GET", Listener("h", 1), "/", None, (("X-Auth-Token", token),))


async def refusal(limits: ComposedLimits, token: str, clouds: int, here: Cloud) -> AnswerError:
    with pytest.raises(AnswerError) as raised:
        async with limits.at_work(head(token), clouds, here):
            pass
    return raised.value


@played
async def test_a_request_takes_as_many_places_as_it_has_clouds() -> None:
    limits, here = ComposedLimits(), cloud()
    async with limits.at_work(head("a"), 8, here):
        error = await refusal(limits, "a", 3, here)
        said = f"gateway of {here.name}: the token has 10 requests to clouds at work in the Python service behind the gateway"
        assert (error.status, error.message, error.headers) == (429, f"{said}, its share", {"Retry-After": "1"})
        async with limits.at_work(head("a"), 2, here), limits.at_work(head("b"), 8, here):
            pass
    async with limits.at_work(head("a"), 8, here):
        pass


@played
async def test_the_mark_of_a_token_is_no_other_token() -> None:
    limits, here = ComposedLimits(), cloud()
    async with limits.at_work(head('a!SCOPE!{"*":"One"}'), 8, here):
        assert (await refusal(limits, "a", 8, here)).status == 429


@played
async def test_all_tokens_together_have_the_places_of_the_python_service() -> None:
    limits, here = ComposedLimits(), cloud()
    async with AsyncExitStack() as stack:
        for token in "abcde":
            await stack.enter_async_context(limits.at_work(head(token), 8, here))
        error = await refusal(limits, "f", 2, here)
        assert (error.status, error.headers) == (503, {"Retry-After": "1"})
        assert "there are 40 requests to clouds at work" in error.message


@played
async def test_a_request_waits_for_its_places() -> None:
    limits, here = ComposedLimits(), cloud(wait=10)
    async with limits.at_work(head("a"), 8, here):
        waiting = asyncio.ensure_future(work(limits, here))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting


async def work(limits: ComposedLimits, here: Cloud) -> None:
    async with limits.at_work(head("a"), 8, here):
        pass


@played
async def test_a_gateway_of_few_places_serves_eight_clouds() -> None:
    async with ComposedLimits().at_work(head("a"), 8, cloud(bridge=2)):
        pass


async def refused(held: HeldAnswers, name: str, size: int) -> AnswerError:
    with pytest.raises(AnswerError) as raised:
        await held.hold(name, size)
    return raised.value


@played
async def test_all_answers_share_one_memory() -> None:
    limits, here = ComposedLimits(), cloud()
    async with limits.at_work(head("a"), 2, here) as one, limits.at_work(head("b"), 2, here) as two:
        for held in (one, two):
            await held.hold("One", SHARE // 2 + FREE)
            await held.hold("Two", SHARE // 2 + FREE)
        async with limits.at_work(head("c"), 2, here) as three:
            await three.hold("One", FREE)
            error = await refused(three, "One", FREE + 1)
            said = f"gateway of {here.name}: answers of several clouds at once take {MEMORY >> 20} MiB of memory, the most"
            assert (error.status, error.message) == (503, f"{said}; try again, or ask for less at a time")
            await one.hold("One", 0)
            await three.hold("One", FREE + SHARE // 2)
    async with limits.at_work(head("a"), 2, here) as one:
        await one.hold("One", SHARE)


@played
async def test_the_requests_of_one_token_have_a_share_of_the_memory() -> None:
    limits, here = ComposedLimits(), cloud()
    async with limits.at_work(head("a"), 2, here) as one, limits.at_work(head("a"), 2, here) as two:
        await one.hold("One", SHARE // 2 + FREE)
        error = await refused(two, "One", SHARE // 2 + FREE + 1)
        assert (error.status, f"for the token take {SHARE >> 20} MiB, its share" in error.message) == (503, True)


@played
async def test_one_request_that_needs_more_than_a_share_is_told_so_at_once() -> None:
    async with ComposedLimits().at_work(head("a"), 8, cloud(wait=60)) as held:
        assert held.answer("One").most == SHARE // 8
        error = await refused(held, "", SHARE + FREE + 1)
        assert (error.status, "a smaller one is accepted" in error.message) == (400, True)
