# SPDX-License-Identifier: Apache-2.0
"""Run the few tests that failed beside others once more, alone: ``python -m second_try CODE``, after a run that ended with CODE.

The processes of ``make test`` share the processors with two labs, and a test may miss a time there that it keeps alone. What
failed is named again at the end, for it may be a fault that comes rarely. A test of hostile or generated requests has no second
try: one wrong answer in a thousand runs is a hole.
"""

import json
import subprocess
import sys
from pathlib import Path

FAILED = 1
"""How pytest ends when tests failed; it ends otherwise when it was stopped, or went wrong itself."""

MOST = 8
"""The most tests that are run again: more are no accident."""

ONCE = ("tests/fuzz/", *(f"tests/conformance/test_{kind}" for kind in ("agreement", "differential", "hostile")))
"""How the names of the files begin that have no second try."""

_ROOT = Path(__file__).parents[1]


def may_run_again(failed: list[str]) -> bool:
    """Tell whether tests that failed, by their names for pytest, have a second try."""
    return 0 < len(failed) <= MOST and not any(name.startswith(ONCE) for name in failed)


def main(code: int, root: Path = _ROOT) -> int:
    """Run again what failed in the run that ended with this code, if it may be; return the code to end with."""
    known = root / ".pytest_cache/v/cache/lastfailed"
    failed = sorted(json.loads(known.read_text())) if code == FAILED and known.exists() else []
    if not may_run_again(failed):
        return code
    print(f"== {len(failed)} failed beside others, and run once more, alone", flush=True)
    files = dict.fromkeys(name.partition("::")[0] for name in failed)
    again = subprocess.run([sys.executable, "-m", "pytest", "--last-failed", *files], check=False, cwd=root).returncode
    if again == 0:
        print("== failed beside others, passed alone; look into what made the difference:", *failed, sep="\n")
    return again


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
