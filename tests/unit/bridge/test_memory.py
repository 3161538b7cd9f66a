# SPDX-License-Identifier: Apache-2.0
"""The memory of workflows is bounded in time and number, and what is in use stays."""

import pytest

from openstackoid.bridge.memory import Workflows
from openstackoid.bridge.shares import owner_of
from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope

ONE, TWO = Scope((("image", "CloudOne"),)), Scope((("image", "CloudTwo"),))
USER = owner_of("CloudOne", "CloudOne", "u1")
LIMITS = Memory(workflows=3, seconds=10, user=3)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workflows(clock: Clock) -> Workflows:
    return Workflows(clock=clock)


def test_what_is_remembered_is_recalled(workflows: Workflows) -> None:
    workflows.remember(Workflow("a", ONE), USER, LIMITS)
    workflows.remember(Workflow("b", TWO), USER, LIMITS)
    assert [workflows.recall(known, LIMITS) for known in "abc"] == [ONE, TWO, None]
    assert repr(workflows) == "<Workflows 2>"


def test_after_its_time_a_workflow_is_gone(workflows: Workflows, clock: Clock) -> None:
    workflows.remember(Workflow("a", ONE), USER, LIMITS)
    clock.now = 9.9
    assert workflows.recall("a", LIMITS) == ONE
    clock.now = 19.9
    assert workflows.recall("a", LIMITS) is None


@pytest.mark.parametrize("again", ["remember", "recall"])
def test_its_time_begins_anew_with_each_of_its_requests(workflows: Workflows, clock: Clock, again: str) -> None:
    workflows.remember(Workflow("a", ONE), USER, LIMITS)
    for _ in range(5):
        clock.now += 9
        if again == "remember":
            workflows.remember(Workflow("a", ONE), USER, LIMITS)
        assert workflows.recall("a", LIMITS) == ONE


def test_the_one_that_was_used_longest_ago_makes_room(workflows: Workflows) -> None:
    for name in "abc":
        workflows.remember(Workflow(name, ONE), USER, LIMITS)
    assert workflows.recall("a", LIMITS) == ONE
    workflows.remember(Workflow("d", TWO), USER, LIMITS)
    assert [workflows.recall(known, LIMITS) for known in "abcd"] == [ONE, None, ONE, TWO]
    assert len(workflows) == 3


def test_what_is_out_of_time_takes_no_room(workflows: Workflows, clock: Clock) -> None:
    workflows.remember(Workflow("a", ONE), USER, LIMITS)
    workflows.remember(Workflow("b", ONE), USER, LIMITS)
    clock.now = 10
    workflows.remember(Workflow("c", ONE), USER, LIMITS)
    assert len(workflows) == 1


def test_smaller_limits_hold_from_the_next_workflow_on(workflows: Workflows) -> None:
    for name in "abc":
        workflows.remember(Workflow(name, ONE), USER, LIMITS)
    workflows.remember(Workflow("d", ONE), USER, Memory(workflows=1, seconds=10))
    assert len(workflows) == 1


def test_an_id_that_is_known_keeps_its_scope_and_one_that_is_out_of_time_gets_another(workflows: Workflows, clock: Clock) -> None:
    """Whoever has the id later, or at the same moment, changes nothing for hops that follow it."""
    other = owner_of("CloudOne", "CloudOne", "u2")
    workflows.remember(Workflow("a", ONE), USER, LIMITS)
    workflows.remember(Workflow("a", TWO), other, LIMITS)
    assert workflows.known("a") == ONE
    clock.now = 10
    workflows.remember(Workflow("a", TWO), other, LIMITS)
    assert workflows.known("a") == TWO
