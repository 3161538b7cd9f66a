# SPDX-License-Identifier: Apache-2.0
"""The systemd units: systemd accepts them, and they expose little of the machine."""

import re
from pathlib import Path

import pytest

from deploy.debian import Debian, Layer

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
TEMPLATES = sorted(UNITS.glob("*@.service"))
MOST_EXPOSED = 3.0


@pytest.fixture(scope="module")
def layer(made: Debian) -> Layer:
    """A Debian with systemd and without the programs of the units."""
    return made.layer("units")


@pytest.fixture(scope="module")
def units(layer: Layer) -> list[str]:
    """The paths of the units of one cloud there."""
    folder = layer.root / "units"
    folder.mkdir()
    for template in TEMPLATES:
        text = template.read_text().replace("/usr/bin/openstackoid", "/bin/true").replace("/usr/sbin/haproxy", "/bin/true")
        (folder / _of_cloud(template)).write_text(text)
    return [f"/units/{_of_cloud(template)}" for template in TEMPLATES]


def _of_cloud(template: Path) -> str:
    return template.name.replace("@.", "@CloudOne.")


def test_there_are_units_for_one_service_for_two_and_for_the_console() -> None:
    assert [path.name.partition("@")[0] for path in TEMPLATES] == [
        "openstackoid-bridge",
        "openstackoid-console",
        "openstackoid-gateway",
        "openstackoid-haproxy",
    ]


def test_systemd_accepts_the_units(layer: Layer, units: list[str]) -> None:
    assert layer.run("systemd-analyze", "verify", "--man=no", *units) == ""


@pytest.mark.parametrize("number", range(len(TEMPLATES)), ids=[path.name for path in TEMPLATES])
def test_a_unit_exposes_little_of_the_machine(layer: Layer, units: list[str], number: int) -> None:
    rate = ("security", "--offline=true", "--no-pager", f"--threshold={round(MOST_EXPOSED * 10)}")
    said = layer.run("systemd-analyze", *rate, units[number])
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found is not None, said
    assert float(found[1]) < 2, "docs/operate/gateway.md says so"


def test_the_units_share_one_sandbox() -> None:
    """The console alone sets no limit of files and no processors of a process."""

    def sandbox(text: str) -> list[str]:
        begin = text.index("NoNewPrivileges=")
        lines = text[begin : text.index("UMask=0077")].splitlines()
        return [line for line in lines if line != "SystemCallFilter=setrlimit sched_setaffinity"]

    first, *others = (sandbox(template.read_text()) for template in TEMPLATES)
    assert all(other == first for other in others)
