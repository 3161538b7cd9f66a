# SPDX-License-Identifier: Apache-2.0
"""``make simulate``: what users of 10,000 sites would see, from measured costs and written assumptions.

Ends with 0, or with 2 when an option cannot be used; the same seed and costs give the same tables.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from bench.errors import BenchError
from bench.simulation.assumptions import Assumptions
from bench.simulation.costs import read_costs
from bench.simulation.report import markdown, show, update
from bench.simulation.tables import tables

_WIDTH = 160
"""Columns of what is not written to a terminal."""
_RESULTS = Path(__file__).parents[1] / "results"


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, report, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.simulation", description="What users of 10,000 sites would see.", allow_abbrev=False
    )
    parser.add_argument(
        "--costs", type=Path, metavar="FILE", help="results.json of a benchmark (default: docs/understand/benchmarks.md)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn (default: 1)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder for simulation.json and simulation.md")
    parser.add_argument("--document", type=Path, metavar="FILE", help="write the tables into their places in this document")
    arguments = parser.parse_args(argv)
    console = Console()
    try:
        _run(arguments, console if console.is_terminal else Console(width=_WIDTH))
    except BenchError as error:
        print(f"simulate: {error}", file=sys.stderr)
        return 2
    return 0


def _run(arguments: argparse.Namespace, console: Console) -> None:
    costs = read_costs(arguments.costs)
    output = arguments.output or _RESULTS / time.strftime("%Y%m%d-%H%M%S-simulation")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"--output {output} cannot be made: {error.strerror}") from None
    assumed = Assumptions()
    made = []
    for table in tables(assumed, costs, arguments.seed):
        show(console, table)
        made.append(table)
    found = {"seed": arguments.seed, "assumptions": asdict(assumed), "tables": {table.key: table.as_json() for table in made}}
    (output / "simulation.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    text = "\n".join(f"### {table.title}\n\n{markdown(table)}" for table in made)
    (output / "simulation.md").write_text(text, encoding="utf-8")
    if arguments.document is not None:
        command = "python -m bench.simulation" + (" --costs FILE" if arguments.costs else "") + f" --seed {arguments.seed}"
        update(arguments.document, {"run": f"    {command}\n"} | {table.key: markdown(table) for table in made})
    console.print(f"results: {os.path.relpath(output)}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())
