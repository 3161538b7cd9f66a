# SPDX-License-Identifier: Apache-2.0
"""Keystone is slow for tokens if most of enough questions are; those that still wait count."""

import pytest

from openstackoid.telemetry import LEAST, TokenAnswers


@pytest.mark.parametrize(
    ("answers", "slow"),
    [
        (TokenAnswers(), False),
        (TokenAnswers(LEAST - 1, LEAST - 1), False),
        (TokenAnswers(LEAST, LEAST), True),
        (TokenAnswers(100, 50), False),
        (TokenAnswers(100, 51), True),
        (TokenAnswers(1, 0).with_waiting(LEAST - 1), True),
        (TokenAnswers(100, 0).with_waiting(50), False),
    ],
)
def test_most_of_enough_questions(answers: TokenAnswers, slow: bool) -> None:
    assert answers.are_slow is slow


def test_a_page_of_an_earlier_release_says_nothing() -> None:
    assert TokenAnswers.of({}) == TokenAnswers()
    assert TokenAnswers.of(TokenAnswers(3, 2)._asdict()) == TokenAnswers(3, 2)
