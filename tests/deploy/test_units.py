# SPDX-License-Identifier: Apache-2.0
"""The systemd units: systemd accepts them, and they expose little of the machine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
TEMPLATES = sorted(UNITS.glob("*@.service"))
MOST_EXPOSED = 3.0

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze")


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units of one cloud, with programs of this machine."""
    made = []
    for template in TEMPLATES:
        text = template.read_text().replace("/usr/bin/openstackoid", str(Path(sys.executable).with_name("openstackoid")))
        made.append(tmp_path / template.name.replace("@.", "@CloudOne."))
        made[-1].write_text(text.replace("/usr/sbin/haproxy", "/bin/true"))
    return made


def analyze(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=120, env={"SYSTEMD_COLORS": "0"}
    )
    return done.returncode, done.stdout + done.stderr


def test_there_are_units_for_one_service_for_two_and_for_the_console() -> None:
    assert [path.name.partition("@")[0] for path in TEMPLATES] == [
        "openstackoid-bridge",
        "openstackoid-console",
        "openstackoid-gateway",
        "openstackoid-haproxy",
    ]


def test_systemd_accepts_the_units(units: list[Path]) -> None:
    assert analyze("verify", "--man=no", *units) == (0, "")


@pytest.mark.parametrize("number", range(len(TEMPLATES)), ids=[path.name for path in TEMPLATES])
def test_a_unit_exposes_little_of_the_machine(units: list[Path], number: int) -> None:
    code, said = analyze("security", "--offline=true", "--no-pager", f"--threshold={round(MOST_EXPOSED * 10)}", units[number])
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found is not None, said
    assert float(found[1]) < 2, "docs/operate/gateway.md says so"
    assert code == 0, said


def test_the_units_share_one_sandbox() -> None:
    """The console alone sets no limit of files and no processors of a process."""

    def sandbox(text: str) -> list[str]:
        begin = text.index("NoNewPrivileges=")
        lines = text[begin : text.index("UMask=0077")].splitlines()
        return [line for line in lines if line != "SystemCallFilter=setrlimit sched_setaffinity"]

    first, *others = (sandbox(template.read_text()) for template in TEMPLATES)
    assert all(other == first for other in others)
