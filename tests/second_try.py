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

MOST = 60
"""The most tests that are run again, one lab's or one file's failed fixture among them: of more, the change is the cause."""

TIMES = 3
"""How often a test of hostile or generated requests has to pass alone."""

HOSTILE = ("tests/fuzz/", *(f"tests/conformance/test_{kind}" for kind in ("agreement", "differential", "hostile")))
"""How the names of the files begin that hold such tests."""

_ROOT = Path(__file__).parents[1]


def main(code: int, root: Path = _ROOT) -> int:
    """Run again what failed in the run that ended with this code, unless it is too much; return the code to end with."""
    known = root / ".pytest_cache/v/cache/lastfailed"
    failed = sorted(json.loads(known.read_text())) if code == FAILED and known.exists() else []
    if not 0 < len(failed) <= MOST:
        return code
    print(f"== {len(failed)} failed beside others, and run once more, alone", flush=True)
    again = _run(root, "--last-failed", *dict.fromkeys(name.partition("::")[0] for name in failed))
    hostile = [name for name in failed if name.startswith(HOSTILE)]
    for _ in range(TIMES - 1) if hostile else ():
        again = again or _run(root, *hostile)
    if again == 0:
        print("== failed beside others, passed alone; look into what made the difference:", *failed, sep="\n")
    return again


def _run(root: Path, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False, cwd=root).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
