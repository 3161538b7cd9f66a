# SPDX-License-Identifier: Apache-2.0
"""Parsing of the output of valgrind and perf, and the table of it."""

import pytest

from bench import callgrind, perf
from bench.profile import main, rows

COUNTED = """\
# callgrind format
positions: line
events: Ir

fl=acl.c
fn=acl_exec_cond
10 300
11 5
cfn=sample_process
calls=2 40
12 9000
13 20

fl=sample.c
fn=sample_process
40 9000

fn=acl_exec_cond'2
10 7
totals: 9332
"""

SAMPLED = """\
# Overhead  Symbol
# ........  .......................
#
    30.00%  [k] _raw_spin_unlock_irqrestore
    20.50%  [.] acl_exec_cond
     0.50%  [.] acl_exec_cond
"""


def test_a_function_has_its_own_instructions_without_its_callees() -> None:
    assert callgrind.read(COUNTED) == {"acl_exec_cond": 332, "sample_process": 9000}


def test_the_start_which_both_runs_have_is_left_out() -> None:
    few, many = {"start": 1000, "read": 100}, {"start": 1000, "read": 500, "log": 200}
    assert callgrind.for_each(few, many, 100) == {"read": 4.0, "log": 2.0}


def test_samples_become_time_for_a_request() -> None:
    assert perf.read(SAMPLED, 1000) == pytest.approx({"_raw_spin_unlock_irqrestore": 300, "acl_exec_cond": 210})


def test_the_table_is_sorted_by_the_cost_beyond_plain_haproxy() -> None:
    profiles = {
        "plain": {"read": 900.0, "acl": 100.0},
        "stays": {"read": 950.0, "acl": 600.0, "map": 400.0, "log": 50.0},
    }
    assert rows(profiles, "instructions", 2) == [
        ["", "plain", "stays"],
        ["instructions for a request", "1,000", "2,000"],
        ["in relation to the first", "1.000", "2.000"],
        ["acl", "100", "600"],
        ["map", "0", "400"],
        ["all others", "900", "1,000"],
    ]


def test_without_a_tool_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main([]) == 2
    assert "neither valgrind nor perf is installed\n  apt-get install valgrind" in capsys.readouterr().err
