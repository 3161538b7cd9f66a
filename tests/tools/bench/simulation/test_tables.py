# SPDX-License-Identifier: Apache-2.0
"""The tables of a small world; and the document has the figures of the code."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest

from bench.simulation.assumptions import Assumptions
from bench.simulation.costs import read_costs
from bench.simulation.globe import scatter
from bench.simulation.report import Table, markdown
from bench.simulation.tables import assumptions_table, checks, distances, tables

SMALL = replace(Assumptions(), sites=60, gateways=12, partners=4, hours=1, mtbf_h=9, runs=50)
DOCUMENT = Path(__file__).parents[4] / "docs" / "understand" / "simulation.md"


@cache
def made() -> Mapping[str, Table]:
    return {table.key: table for table in tables(SMALL, read_costs(), 1)}


def column(key: str, heading: str) -> list[float]:
    table = made()[key]
    return [value for line in table.lines if isinstance(value := line[list(table.headings).index(heading)], int | float)]


def test_each_cell_has_its_heading() -> None:
    for table in made().values():
        assert len(table.digits) == len(table.headings), table.key
        assert table.lines
        assert all(len(line) == len(table.headings) for line in table.lines), table.key


def test_percentiles_rise() -> None:
    for low, high in (("p50", "p90"), ("p90", "p99")):
        for key in ("workflows", "seen"):
            assert all(one <= other for one, other in zip(column(key, low), column(key, high), strict=True))


def test_shares_are_of_all_requests() -> None:
    well, slow, lost, *_ = column("seen", "of all requests, %")
    assert well + slow + lost == pytest.approx(100)
    assert lost == pytest.approx(10, rel=0.5)
    assert sum(column("seen", "of all requests, %")[5:]) >= lost - 1e-9, "each request to a lost peer has an outcome"


def test_checks_grow_with_the_square_of_the_clouds() -> None:
    (_, _, _, ten_thousand) = checks(Assumptions()).lines
    assert ten_thousand[0] == 10_000
    assert ten_thousand[1] == pytest.approx(2 * 9_999 * 3 / 2), "three sockets every two seconds, sent and answered"
    assert ten_thousand[3] == pytest.approx(29_997 * 500e-6)
    assert ten_thousand[4] == pytest.approx(29_997 * 500e-6 * 2 / 0.05)


def test_a_load_beyond_one_python_process_has_no_time() -> None:
    table = made()["guests"]
    for line in table.lines:
        assert (line[-1] is None) == (max(value for value in line[2:4] if isinstance(value, float)) >= 1)
    assert any(line[-1] is None for line in table.lines)
    assert column("guests", "p99, ms") == sorted(column("guests", "p99, ms"))


def test_the_same_seed_makes_the_same_tables_and_another_does_not() -> None:
    again = {table.key: table for table in tables(SMALL, read_costs(), 1)}
    assert again == made()
    other = {table.key: table for table in tables(SMALL, read_costs(), 2)}
    assert [key for key in other if other[key] == made()[key]] == ["assumptions", "costs", "checks"]


def test_the_document_has_the_figures_of_the_code() -> None:
    """What depends on no measured cost is made again here; the rest was made by the command that the document names."""
    text = DOCUMENT.read_text(encoding="utf-8")
    command = re.search(r"<!-- run -->\n\n.*python -m bench\.simulation.* --seed (\d+)\n", text)
    assert command is not None
    seed, assumed = int(command[1]), Assumptions()
    sites = scatter(assumed, Random(f"{seed} sites"))
    for table in (assumptions_table(assumed), distances(assumed, sites, seed), checks(assumed)):
        place = f"<!-- {table.key} -->\n\n{markdown(table)}\n<!-- end of {table.key} -->"
        page = "docs/understand/simulation.md"
        assert place in text, f"{page} is old: python -m bench.simulation --document {page} ({table.key})"


def test_the_document_has_a_place_for_every_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [key for key in made() if f"<!-- end of {key} -->" not in text] == []
