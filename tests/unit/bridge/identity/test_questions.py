# SPDX-License-Identifier: Apache-2.0
"""Questions that wait for a Keystone are bounded, and those that wait for long are counted."""

from contextlib import ExitStack

import pytest

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.questions import MOST_QUESTIONS, Questions


def test_those_that_wait_for_long_are_counted_until_they_are_answered() -> None:
    now = [0.0]
    questions = Questions("CloudOne", lambda: now[0])
    with questions.asking("CloudOne"):
        now[0] = 1.0
        with questions.asking("CloudOne"), questions.asking("CloudTwo"):
            assert (questions.late("CloudOne", 1.0), questions.late("CloudTwo", 1.0)) == (1, 0)
            now[0] = 2.0
            assert questions.late("CloudOne", 1.0) == 2
        assert questions.late("CloudOne", 1.0) == 1
    assert questions.late("CloudOne", 0.0) == 0


def test_one_cloud_is_asked_a_bounded_number_at_a_time() -> None:
    questions = Questions("CloudOne")
    with ExitStack() as stack:
        for _ in range(MOST_QUESTIONS):
            stack.enter_context(questions.asking("CloudTwo"))
        with pytest.raises(AnswerError, match="questions about tokens wait for identity of CloudTwo"):
            questions.check("CloudTwo")
        questions.check("CloudOne")
    questions.check("CloudTwo")
