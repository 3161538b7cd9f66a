# SPDX-License-Identifier: Apache-2.0
"""Calls in sums and kind by kind, and in relation to the workflow that stays at home."""

from collections import Counter

from bench.lab.calls import AGAIN, FIRST, Form, Workflow, at_least, kinds, sums
from bench.lab.lines import GATEWAY, PYTHON, SERVICE, Call
from bench.lab.place import HERE, THERE
from bench.results import FIGURES

LIST = Workflow("images", "image list", "image", "{}", lambda *_: None)
HERE_AGAIN, THERE_AGAIN = Form(LIST, HERE, AGAIN), Form(LIST, THERE, AGAIN)
LISTED = Call(HERE, "GET /image/v2/images", SERVICE)
SENT = Call(HERE, "GET /image/v2/images", GATEWAY)
ARRIVED = Call(THERE, "GET /image/v2/images", PYTHON)
ASKED = Call(THERE, "GET /identity/v3/auth/tokens", PYTHON)
FOUND = {HERE_AGAIN: Counter({LISTED: 1}), THERE_AGAIN: Counter({SENT: 1, ARRIVED: 1, ASKED: 1})}


def test_a_form_is_named() -> None:
    assert THERE_AGAIN.key == "images_there_again"
    assert THERE_AGAIN.title == "image list, there, again"
    assert Form(LIST, HERE, FIRST).title == "image list, all here, with a new token"


def test_calls_missing_from_a_run_are_not_counted() -> None:
    noise = Call(HERE, "GET /placement/traits", SERVICE)
    counts = [Counter({LISTED: 1, noise: 1}), Counter({LISTED: 1, noise: 7}), Counter({LISTED: 2})]
    assert at_least(counts) == Counter({LISTED: 1})


def test_the_sums_are_by_place_and_kind() -> None:
    here, there = sums(FOUND).rows
    assert {name: spread.median for name, spread in there.figures.items()} == {
        "calls": 3,
        "calls_ratio": 3,
        "calls_here": 1,
        "calls_there": 2,
        "calls_crossing": 1,
        "calls_python": 2,
        "calls_validating": 1,
    }
    assert "calls_ratio" not in here.figures
    assert set(there.figures) <= set(FIGURES)


def test_a_request_that_the_python_service_sends_on_is_one_call() -> None:
    came, sent_on = Call(HERE, "GET /image/v2/images", PYTHON), Call(HERE, "GET /image/v2/images", GATEWAY, by_python=True)
    here, there = sums({HERE_AGAIN: Counter({LISTED: 1}), THERE_AGAIN: Counter({came: 3, sent_on: 2, LISTED: 1})}).rows
    assert {name: there.figures[name].median for name in ("calls", "calls_ratio", "calls_crossing", "calls_python")} == {
        "calls": 4,
        "calls_ratio": 4,
        "calls_crossing": 2,
        "calls_python": 3,
    }
    assert here.figures["calls"].median == 1


def test_kind_by_kind_each_form_has_a_column() -> None:
    part = kinds("images", FOUND)
    assert part.key == "calls_images"
    found = {row.title: {name: spread.median for name, spread in row.figures.items()} for row in part.rows}
    assert found["CloudOne: GET /image/v2/images to a service"] == {"kind_here_again": 1, "kind_there_again": 0}
    assert found["CloudTwo: GET /identity/v3/auth/tokens to the Python service"] == {"kind_here_again": 0, "kind_there_again": 1}
    assert {name for row in part.rows for name in row.figures} <= set(FIGURES)
