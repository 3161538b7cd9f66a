# SPDX-License-Identifier: Apache-2.0
"""The workflows: rows of the store are found within their time, and used ones are cached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

from openstackoid.bridge.workflows import Workflows
from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope
from openstackoid.store import Database, Store, owner_of
from unit.bridge.stage import played

ONE, TWO = Scope.of({"image": "CloudOne"}), Scope.of({"image": "CloudTwo"})
USER = owner_of("CloudOne", "CloudOne", "u1")
LIMITS = Memory(workflows=3, seconds=10, user=3)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def remembering() -> AsyncIterator[tuple[Workflows, Store, Clock]]:
    clock = Clock()
    store = Store(Database.in_memory(), clock)
    await store.open()
    yield Workflows(store, clock), store, clock
    await store.close()


@played
async def test_a_stored_workflow_is_found() -> None:
    async with remembering() as (workflows, store, clock):
        await workflows.remember(Workflow("a", ONE), USER, LIMITS)
        await workflows.remember(Workflow("b", TWO), USER, LIMITS)
        assert [await workflows.find(known, LIMITS) for known in "abc"] == [ONE, TWO, None]
        assert repr(workflows) == "<Workflows 2 cached>"
        assert [await Workflows(store, clock).find(known, LIMITS) for known in "abc"] == [ONE, TWO, None]


@played
async def test_after_its_time_a_workflow_is_gone() -> None:
    async with remembering() as (workflows, _, clock):
        await workflows.remember(Workflow("a", ONE), USER, LIMITS)
        clock.now += 9.9
        assert await workflows.find("a", LIMITS) == ONE
        clock.now += 10
        assert await workflows.find("a", LIMITS) is None


@played
async def test_its_time_begins_anew_with_its_requests() -> None:
    for again in ("remember", "find"):
        async with remembering() as (workflows, _, clock):
            await workflows.remember(Workflow("a", ONE), USER, LIMITS)
            for _ in range(5):
                clock.now += 9
                if again == "remember":
                    await workflows.remember(Workflow("a", ONE), USER, LIMITS)
                assert await workflows.find("a", LIMITS) == ONE


@played
async def test_a_workflow_in_use_is_neither_read_nor_written_again_before_half_of_its_time() -> None:
    async with remembering() as (workflows, store, clock):
        await workflows.remember(Workflow("a", ONE), USER, LIMITS)
        with patch.object(store, "_submit", wraps=store._submit) as submitted:
            for _ in range(4):
                clock.now += 1
                assert await workflows.remember(Workflow("a", ONE), USER, LIMITS) is False
                assert await workflows.find("a", LIMITS) == ONE
            assert submitted.call_count == 0
            clock.now += 2
            assert await workflows.find("a", LIMITS) == ONE
            assert submitted.call_count == 1


@played
async def test_a_removed_workflow_stays_removed() -> None:
    async with remembering() as (workflows, store, clock):
        for name in "ab":
            assert await workflows.remember(Workflow(name, ONE), USER, LIMITS) is True
        workflows.forget(Workflow("a", ONE))
        # It is removed before what is written after it.
        await workflows.remember(Workflow("c", ONE), USER, LIMITS)
        for each in (workflows, Workflows(store, clock)):
            assert [await each.find(name, LIMITS) for name in "ab"] == [None, ONE]


@played
async def test_the_cache_is_bounded_and_the_store_has_the_rest() -> None:
    async with remembering() as (workflows, _, _):
        with patch("openstackoid.bridge.workflows.CACHED", 2):
            for name in "abc":
                await workflows.remember(Workflow(name, ONE), USER, LIMITS)
            assert len(workflows) == 2
            assert [await workflows.find(name, LIMITS) for name in "abc"] == [ONE] * 3
            assert len(workflows) == 2


@played
async def test_a_clock_that_is_set_back_forgets_no_workflow() -> None:
    async with remembering() as (workflows, store, clock):
        await workflows.remember(Workflow("a", ONE), USER, LIMITS)
        clock.now -= 900
        for each in (workflows, Workflows(store, clock)):
            assert await each.find("a", LIMITS) == ONE


@played
async def test_a_clock_that_is_set_forward_forgets_workflows_and_goes_on() -> None:
    async with remembering() as (workflows, _, clock):
        await workflows.remember(Workflow("a", ONE), USER, LIMITS)
        clock.now += 1e9
        assert await workflows.find("a", LIMITS) is None
        await workflows.remember(Workflow("a", TWO), USER, LIMITS)
        assert await workflows.find("a", LIMITS) == TWO


@played
async def test_the_one_that_was_used_longest_ago_makes_room() -> None:
    """The store takes note of a use once a minute, or once in half of a workflow's time."""
    async with remembering() as (workflows, _, clock):
        for name in "abc":
            clock.now += 1
            await workflows.remember(Workflow(name, ONE), USER, LIMITS)
        clock.now += 4
        assert await workflows.find("a", LIMITS) == ONE
        await workflows.remember(Workflow("d", TWO), USER, LIMITS)
        assert [await workflows.find(known, LIMITS) for known in "abcd"] == [ONE, None, ONE, TWO]
        assert len(workflows) == 3


@played
async def test_a_use_is_noted_once_a_minute() -> None:
    async with remembering() as (workflows, store, clock):
        hours = Memory()
        await workflows.remember(Workflow("a", ONE), USER, hours)
        with patch.object(store, "_submit", wraps=store._submit) as submitted:
            for seconds, writes in ((59, 0), (2, 1), (30, 1), (31, 2)):
                clock.now += seconds
                assert await workflows.find("a", hours) == ONE
                assert submitted.call_count == writes


@played
async def test_expired_workflows_take_no_room() -> None:
    async with remembering() as (workflows, _, clock):
        for name in "abc":
            await workflows.remember(Workflow(name, ONE), USER, LIMITS)
        clock.now += 10
        for name in "def":
            await workflows.remember(Workflow(name, ONE), USER, LIMITS)
        assert [await workflows.find(known, LIMITS) for known in "abcdef"] == [None] * 3 + [ONE] * 3
        assert len(workflows) == 3


@played
async def test_smaller_limits_hold_from_the_next_workflow_on() -> None:
    async with remembering() as (workflows, _, _):
        for name in "abc":
            await workflows.remember(Workflow(name, ONE), USER, LIMITS)
        await workflows.remember(Workflow("d", ONE), USER, Memory(workflows=1, seconds=10))
        assert len(workflows) == 1


@played
async def test_an_id_that_is_known_keeps_its_scope_and_one_that_is_out_of_time_gets_another() -> None:
    """Whoever has the id later, or at the same moment, changes nothing for hops that follow it."""
    other = owner_of("CloudOne", "CloudOne", "u2")
    async with remembering() as (workflows, store, clock):
        second = Workflows(store, clock)
        assert await workflows.remember(Workflow("a", ONE), USER, LIMITS) is True
        clock.now += 1
        for each in (workflows, second):
            assert await each.remember(Workflow("a", TWO), other, LIMITS) is False
            assert await each.find("a", LIMITS) == ONE
        clock.now += 10
        assert await workflows.remember(Workflow("a", TWO), other, LIMITS) is True
        assert await workflows.find("a", LIMITS) == TWO
