# SPDX-License-Identifier: Apache-2.0
"""The output of a process: its log, and Python's reports of uncaught errors."""

import io
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import openstackoid
from openstackoid.redaction import logs

SECRET = "gAAAAABpJLx2Zk3vQ8-_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.set_up("%(levelname)s %(message)s")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_secrets_are_removed_from_our_records(written: io.StringIO) -> None:
    logging.getLogger("openstackoid.x").info("of %s: %s", "CloudOne", SECRET)
    assert written.getvalue() == "INFO of CloudOne: ...\n"


def test_an_exception_is_its_kind_and_its_line(written: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("openstackoid.x").exception("it failed", stack_info=True)
    assert written.getvalue().startswith("ERROR it failed: ValueError in test_logs.py:")
    assert written.getvalue().count("\n") == 1


def test_arguments_that_do_not_fit_are_not_shown(written: io.StringIO) -> None:
    arguments = (SECRET,)
    logging.getLogger("openstackoid.x").info("of %s and %s", *arguments)
    assert written.getvalue() == "INFO of %s and %s\n"


def test_of_others_only_the_template(written: io.StringIO) -> None:
    logging.getLogger("aiohttp.server").error("Error handling %s", "hunter2")
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {SECRET}")
    logging.getLogger("other").error(f"about {SECRET}")
    logging.getLogger("openstackoidish").error("said %s", "hunter2")
    lines = written.getvalue().splitlines()
    assert lines == [
        "ERROR aiohttp.server: Error handling %s",
        "ERROR asyncio: Task exception was never retrieved",
        "ERROR other: about ...",
        "ERROR openstackoidish: said %s",
    ]


LIBRARY = """
import logging
class Record(logging.LogRecord):
    def getMessage(self):
        raise RuntimeError("a secret")
"""
RAISES_IN_A_LIBRARY = """
import library
from openstackoid.redaction import logs
try:
    logs.RedactingFilter().filter(library.Record("openstackoid", 20, "", 1, "", None, None))
except RuntimeError as error:
    print(logs.where(error), logs.__file__)
"""


@pytest.mark.parametrize(
    "clone", ["openstackoid", "our clouds", "venv/lib/python3.13/site-packages", "openstackoid/src/openstackoid"]
)
def test_defect_in_a_library_names_our_line_wherever_the_clone_is(tmp_path: Path, clone: str) -> None:
    folder = tmp_path / clone
    shutil.copytree(Path(openstackoid.__file__).parent, folder / "openstackoid", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "library.py").write_text(LIBRARY)
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{RAISES_IN_A_LIBRARY}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    place, _, used = done.stdout.strip().partition(":")
    assert place == "RuntimeError in logs.py"
    assert used.endswith(f" {folder}/openstackoid/redaction/logs.py"), "the copy was used"


PROGRAM = """
import sys, threading, warnings, gc
from openstackoid.redaction import logs
logs.redact_uncaught_errors()
def fail():
    raise ValueError("{secret}")
class Dying:
    def __del__(self):
        fail()
warnings.warn("{secret}")
thread = threading.Thread(target=fail); thread.start(); thread.join()
Dying(); gc.collect()
fail()
"""


def test_uncaught_errors_are_shown_without_their_messages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(secret="hunter2")], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr
    assert done.stderr.count("a defect: ValueError; its message is left out") == 3
    assert "UserWarning in <string>:" in done.stderr
    assert "in fail" in done.stderr


def test_ctrl_c_is_no_defect() -> None:
    program = "from openstackoid.redaction import logs; logs.redact_uncaught_errors(); raise KeyboardInterrupt"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert done.returncode != 0
