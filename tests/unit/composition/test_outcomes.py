# SPDX-License-Identifier: Apache-2.0
"""One item by its id: the outcome for each combination of outcomes."""

import itertools

import pytest

from openstackoid.composition import Failure, Fault, PassOn, Refused, item_outcome, owner_outcome

CLOUDS = ("One", "Two", "Three")
UUID = "7472ace0-0000-4000-8000-000000000000"
FOUND, MISSING, FORBIDDEN, LOGIN, DOWN = 200, 404, 403, 401, 503


def outcomes(*given: int | Fault | None) -> dict[str, int | Failure]:
    return {
        cloud: Failure(cloud, value) if isinstance(value, Fault) else value
        for cloud, value in zip(CLOUDS, given, strict=True)
        if value is not None
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((FOUND, MISSING, MISSING), PassOn("One")),
        ((MISSING, FOUND, DOWN), PassOn("Two")),
        ((Fault.UNREACHABLE, MISSING, FOUND), PassOn("Three")),
        ((None, FOUND, None), PassOn("Two")),
        ((None, MISSING, MISSING), None),
        ((MISSING, MISSING, MISSING), PassOn("One")),
        ((MISSING, FORBIDDEN, MISSING), PassOn("Two")),
        ((MISSING, LOGIN, FORBIDDEN), PassOn("Two")),
        ((DOWN, LOGIN, MISSING), PassOn("Two")),
        ((MISSING, DOWN, MISSING), f"Two answered 503; no other cloud of the scope has '{UUID}'"),
        ((Fault.TIMEOUT, MISSING, Fault.UNREACHABLE), "One did not answer in time; Three was not reached; no other cloud"),
        ((FORBIDDEN, DOWN, MISSING), "Two answered 503"),
        ((MISSING, 429, MISSING), PassOn("Two")),
        ((FORBIDDEN, MISSING, 408), PassOn("Three")),
        ((MISSING, 429, 408), PassOn("Two")),
        ((MISSING, 429, LOGIN), PassOn("Three")),
        ((DOWN, 429, MISSING), "One answered 503; Two answered 429"),
        ((Fault.TIMEOUT, 408, MISSING), "One did not answer in time; Two answered 408"),
        ((429, FOUND, MISSING), PassOn("Two")),
        ((300, MISSING, MISSING), PassOn("One")),
    ],
)
def test_outcome_of_an_item(given: tuple[int | Fault | None, ...], expected: PassOn | str | None) -> None:
    outcome = item_outcome(UUID, CLOUDS, outcomes(*given))
    if isinstance(expected, str):
        assert isinstance(outcome, Refused)
        assert outcome.status == 503
        assert outcome.message.startswith(expected)
    else:
        assert outcome == expected


def test_404_is_the_answer_only_if_every_cloud_said_so() -> None:
    possible: tuple[int | Fault, ...] = (FOUND, MISSING, FORBIDDEN, LOGIN, DOWN, Fault.UNREACHABLE)
    for given in itertools.product(possible, repeat=3):
        found = outcomes(*given)
        outcome = item_outcome(UUID, CLOUDS, found)
        answered = found[outcome.cloud] if isinstance(outcome, PassOn) else None
        assert (answered == MISSING) == (set(given) == {MISSING}), given
        assert (answered == FOUND) == (FOUND in given), given


def test_a_name_that_several_clouds_have_is_answered_by_the_first() -> None:
    assert item_outcome("m1.tiny", CLOUDS, outcomes(None, FOUND, None)) is None
    assert item_outcome("m1.tiny", CLOUDS, outcomes(MISSING, FOUND, None)) == PassOn("Two")
    assert item_outcome("m1.tiny", CLOUDS, outcomes(Fault.TIMEOUT, FOUND, None)) == PassOn("Two")
    assert item_outcome("m1.tiny", CLOUDS, outcomes(FOUND, None, None)) == PassOn("One")


NEITHER = "nothing was changed; name one cloud in the scope"


@pytest.mark.parametrize("id_", ["1", "work", UUID])
def test_a_change_waits_for_all_clouds_and_is_not_sent_where_several_have_the_resource(id_: str) -> None:
    assert owner_outcome(id_, CLOUDS, outcomes(FOUND, MISSING, None)) is None
    assert owner_outcome(id_, CLOUDS, outcomes(MISSING, FOUND, FORBIDDEN)) == PassOn("Two")
    assert owner_outcome(id_, CLOUDS, outcomes(FOUND, DOWN, FOUND)) == Refused(409, f"One and Three have '{id_}'; {NEITHER}")


@pytest.mark.parametrize("fault", [DOWN, 429, Fault.UNREACHABLE, Fault.TIMEOUT])
def test_a_cloud_that_is_silent_may_have_a_thing_of_the_same_short_id_but_not_of_a_uuid(fault: int | Fault) -> None:
    given = outcomes(fault, FOUND, MISSING)
    assert owner_outcome(UUID, CLOUDS, given) == PassOn("Two")
    refused = owner_outcome("1", CLOUDS, given)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.message.partition(" ")[0]) == (503, "One")
    assert refused.message.endswith(f"Two has '1', and it is not certain that no other cloud has; {NEITHER}")


def test_an_id_in_an_error_cannot_break_a_line() -> None:
    outcome = item_outcome("a\r\nb" * 50, CLOUDS, outcomes(MISSING, DOWN, MISSING))
    assert isinstance(outcome, Refused)
    assert "\n" not in outcome.message and len(outcome.message) < 160
