# SPDX-License-Identifier: Apache-2.0
"""docs/operate/pair.md has the figures of `make pair-test`, and names settings that deploy/pair has."""

import re
from configparser import RawConfigParser
from pathlib import Path

from openstackoid.mesh import parse_mesh
from pair.figures import EVENTS, HEAD, REPEATED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operate/pair.md").read_text(encoding="utf-8")
KEEPALIVED = (ROOT / "deploy/pair/keepalived.conf").read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table that begins with this row."""
    table = PAGE.partition(f"{head}\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[1:]]


def test_the_figures_are_those_that_the_test_prints() -> None:
    found = rows(f"| {' | '.join(HEAD)} |")
    assert [row[0] for row in found] == list(EVENTS)


def test_clients_that_repeat_lose_nothing_when_a_part_ends() -> None:
    found = rows(f"| {' | '.join(REPEATED)} |")
    assert [row[0] for row in found] == [event for event in EVENTS if "kill" in event or "loss" in event]
    assert {row[REPEATED.index("lost")] for row in found} == {"0"}


def test_each_setting_of_the_page_is_in_the_file() -> None:
    named = [name for first, *_ in rows("| setting of `keepalived.conf` | why |") for name in re.findall(r"`([^`]+)`", first)]
    assert len(named) > 5
    assert [name for name in named if name not in KEEPALIVED] == []


def test_the_description_of_the_page_is_accepted() -> None:
    text = PAGE.partition("```yaml\n")[2].partition("```")[0]
    service = 'identity: {frontend: "https://gw.one/identity", backend: "http://10.0.1.21:5000"}'
    mesh = parse_mesh(f"mesh: 1\n{text}    services: {{{service}}}\n", "mesh.yaml")
    assert mesh.clouds["CloudOne"].bind == "*"
    assert mesh.clouds["CloudOne"].drain.hold == 2


def test_each_option_of_the_services_is_on_the_page_and_in_the_file() -> None:
    cells = "".join(first for first, *_ in rows("| option | of | default | repeats |"))
    parser = RawConfigParser(default_section="none")
    parser.read(ROOT / "deploy/pair/openstack.conf")
    found = [f"[{section}] {key} = {value}" for section in parser.sections() for key, value in parser[section].items()]
    assert sorted(re.findall(r"`(\[\w+\] \w+ = \d+)`", cells)) == sorted(found)
