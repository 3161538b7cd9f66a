# SPDX-License-Identifier: Apache-2.0
"""A test that failed beside others runs once more, and passes or fails by that; with hostile input it runs three times."""

import subprocess
import sys
from pathlib import Path

import pytest

from second_try import FAILED, MOST, TIMES, main

RARE = "from pathlib import Path\n\ndef test_it():\n    seen = Path('seen')\n    assert seen.exists() or seen.touch()\n"
BROKEN = "def test_it():\n    assert False\n"
COUNTED = "from pathlib import Path\n\ndef test_it():\n    with Path('runs').open('a') as runs:\n        runs.write('.')\n"
SOUND = "def test_it():\n    assert True\n"
INTERRUPTED = 2


def ended(root: Path, **files: str) -> int:
    """Run these files of tests in a project of their own, as ``make test`` does; return how the whole ends."""
    (root / "pytest.ini").touch()
    (root / "tests/fuzz").mkdir(parents=True)
    for name, text in files.items():
        (root / "tests" / f"{name.replace('__', '/')}.py").write_text(text)
    first = subprocess.run([sys.executable, "-m", "pytest", "-q"], check=False, cwd=root, capture_output=True)
    return main(first.returncode, root)


def test_a_test_that_fails_once_passes_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(tmp_path, test_rare=RARE, test_sound=SOUND) == 0
    assert "passed alone; look into what made the difference:\ntests/test_rare.py::test_it\n" in capsys.readouterr().out


def test_a_test_that_fails_twice_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(tmp_path, test_broken=BROKEN, test_rare=RARE) == FAILED
    assert "passed alone" not in capsys.readouterr().out


def test_a_test_of_generated_requests_passes_three_times(tmp_path: Path) -> None:
    assert ended(tmp_path, fuzz__test_rare=f"{COUNTED}    assert Path('runs').stat().st_size > 1\n") == 0
    assert (tmp_path / "runs").read_text() == "." * (1 + TIMES)


def test_a_test_of_generated_requests_that_fails_at_times_fails(tmp_path: Path) -> None:
    assert ended(tmp_path, fuzz__test_rare=f"{COUNTED}    assert Path('runs').stat().st_size not in (1, 4)\n") == FAILED


def test_many_failures_are_no_accident(tmp_path: Path) -> None:
    rare = {f"test_{number}": RARE.replace("'seen'", f"'seen {number}'") for number in range(MOST + 1)}
    assert ended(tmp_path, **rare) == FAILED


def test_a_run_that_was_interrupted_is_not_repeated(tmp_path: Path) -> None:
    assert main(INTERRUPTED, tmp_path) == INTERRUPTED


def test_a_run_that_passed_has_nothing_to_repeat(tmp_path: Path) -> None:
    assert ended(tmp_path, test_sound=SOUND) == 0
