# SPDX-License-Identifier: Apache-2.0
"""The cost of each kind of request in a gateway: from a benchmark's results, or from docs/understand/benchmarks.md."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.results import FIGURES

DOCUMENT = Path(__file__).parents[2] / "docs" / "understand" / "benchmarks.md"
NONE, LEAVES, WRITE, VISITOR, VALIDATE = "none", "leaves", "write", "visitor", "validate_cold"
_ROWS = {
    # the part and the row's title in a document; a benchmark's results have the same rows by key
    NONE: ("routing", "no scope"),
    LEAVES: ("routing", "a scope that leaves"),
    WRITE: ("routing", "a scoped write, through the Python service"),
    VISITOR: ("bridge", "a request with a token of another cloud, let in"),
    VALIDATE: ("bridge", "a token of another cloud, not seen before"),
}
_PYTHON = (WRITE, VISITOR, VALIDATE)
_NUMBER = re.compile(r"[\d,]+(\.\d+)?")


@dataclass(frozen=True)
class Cost:
    """What one kind of request takes of HAProxy and of the Python service, in µs of CPU, and where that is from."""

    title: str
    haproxy_us: float
    python_us: float
    source: str


def read_costs(path: Path | None = None) -> dict[str, Cost]:
    """Return the costs by kind: of a benchmark's ``results.json``, and from the document what it does not have.

    Raises :class:`BenchError` for a file that is no such results.
    """
    measured = {} if path is None else _of_results(path)
    return {kind: measured.get(kind) or _of_document(kind) for kind in _ROWS}


def _of_results(path: Path) -> dict[str, Cost]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = {kind: _row(found, part, kind) for kind, (part, _) in _ROWS.items()}
        costs = {
            kind: _cost(kind, row["figures"], f"{path.parent.name}/{path.name}") for kind, row in rows.items() if row is not None
        }
    except OSError as error:
        raise BenchError(f"--costs {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BenchError(f"--costs {path} is not the results.json of a benchmark: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise BenchError(f"--costs {path} is not the results.json of a benchmark: it has not the form of one") from None
    if not costs:
        raise BenchError(f"--costs {path} has no row of the parts routing and bridge that is needed: {', '.join(_ROWS)}")
    return costs


def _row(found: Any, part: str, key: str) -> Any:
    rows = found["parts"].get(part, {"rows": []})["rows"]
    return next((row for row in rows if row["key"] == key and "cpu_us" in row["figures"]), None)


def _cost(kind: str, figures: Mapping[str, Any], source: str) -> Cost:
    haproxy = figures["cpu_us"]["median"]
    python = figures["bridge_us"]["median"] if kind in _PYTHON else 0
    for value in (haproxy, python):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
            raise ValueError(f"{kind} takes {value!r} µs of CPU")
    return Cost(_ROWS[kind][1], haproxy, python, source)


def _of_document(kind: str) -> Cost:
    """Return what the document's last table with such a row says."""
    headings: list[str] = []
    found: dict[str, str] = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if FIGURES["cpu_us"].label in cells:
            headings = cells
        elif not cells:
            headings = []
        elif headings and cells[0] == _ROWS[kind][1]:
            found = dict(zip(headings, cells, strict=True))
    values = [_NUMBER.match(found.get(FIGURES[name].label, "")) for name in ("cpu_us", "bridge_us")]
    if values[0] is None or (kind in _PYTHON and values[1] is None):
        raise BenchError(f"docs/understand/{DOCUMENT.name} has no table with what is needed of '{_ROWS[kind][1]}'")
    haproxy, python = (0.0 if value is None else float(value[0].replace(",", "")) for value in values)
    return Cost(_ROWS[kind][1], haproxy, python, f"docs/understand/{DOCUMENT.name}")
