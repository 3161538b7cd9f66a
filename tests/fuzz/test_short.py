# SPDX-License-Identifier: Apache-2.0
"""Each target for a few seconds, with the same inputs each time: a short `make fuzz`."""

from pathlib import Path

import pytest

from fuzz.findings import Findings
from fuzz.runner import Attempts, Outcome, fuzz
from fuzz.target import Target
from fuzz.targets import TARGETS

SEED = 20_000


@pytest.mark.parametrize("target", [target for target in TARGETS if target.short], ids=lambda target: target.name)
def test_each_target_holds_on_generated_input(target: Target, tmp_path: Path) -> None:
    findings, outcome = Findings(target.name, tmp_path), Outcome(target.name)
    with target.opened() as check:
        fuzz(target, Attempts(check, findings, outcome), SEED, target.short, lambda: None)
    assert outcome.tried >= target.short
    found = [path.read_text(encoding="utf-8") for path in findings.kinds.values()]
    assert not found, "\n".join(found)
