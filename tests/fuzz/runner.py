# SPDX-License-Identifier: Apache-2.0
"""Tries inputs on a target, and goes on after a finding: the next one of its kind is not told again."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky

from fuzz.findings import Findings
from fuzz.target import Check, Target

BATCH = 400
"""Inputs that are drawn from one seed, before the time is looked at."""

SHRINKING = 20.0
"""Seconds to reduce a finding; the result then is kept."""


@dataclass
class Outcome:
    """The result of a target. ``tried`` counts every checked input, also those to reduce findings."""

    target: str
    tried: int = 0
    seconds: float = 0.0
    guided: int = 0


class Attempts:
    """The inputs of one target: counted, and stopped when it is time."""

    def __init__(self, check: Check, findings: Findings, outcome: Outcome, until: float | None = None) -> None:
        self.check = check
        self.findings = findings
        self.outcome = outcome
        self.until = until
        self.last: tuple[Any, BaseException] | None = None
        """The input that failed last: where a finding was made smaller, that is the smallest."""
        self._give_up = 0.0

    def over(self) -> bool:
        """Return whether the time is up."""
        return self.until is not None and time.monotonic() >= self.until

    def attempt(self, given: Any) -> None:
        """Check one input. Raises what the check raises, unless such a finding is known."""
        if self.last is None and self.over():
            return
        if self.last is not None and time.monotonic() > self._give_up and given != self.last[0]:
            return
        self.outcome.tried += 1
        try:
            self.check(given)
        except Exception as error:
            if self.findings.knows(error):
                return
            if self.last is None:
                self._give_up = time.monotonic() + SHRINKING
            self.last = given, error
            raise


def fuzz(target: Target, attempts: Attempts, first_seed: int, inputs: int | None, tick: Callable[[], None]) -> None:
    """Try ``inputs`` inputs, or as many as there is time for. ``tick`` is called now and then."""
    began = time.monotonic()
    outcome, number = attempts.outcome, first_seed
    while not attempts.over() and (inputs is None or outcome.tried < inputs):
        _batch(target, attempts, number, BATCH if inputs is None else min(BATCH, inputs - outcome.tried))
        outcome.seconds = time.monotonic() - began
        number += 1
        tick()


def _batch(target: Target, attempts: Attempts, number: int, size: int) -> None:
    attempts.last = None

    @seed(number)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )
    @given(target.inputs)
    def trial(drawn: Any) -> None:
        attempts.attempt(drawn)

    before, sys.tracebacklimit = getattr(sys, "tracebacklimit", 1000), 1000
    try:
        trial()
    except Flaky:
        # It failed once, and not again: kept all the same, for on a busy machine that is how a race looks.
        _keep(attempts)
    except Exception:
        if attempts.last is None:
            raise
        _keep(attempts)
    finally:
        sys.tracebacklimit = before
        attempts.last = None


def _keep(attempts: Attempts) -> None:
    assert attempts.last is not None
    attempts.findings.add(*attempts.last)
