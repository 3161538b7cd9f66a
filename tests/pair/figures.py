# SPDX-License-Identifier: Apache-2.0
"""The figures of a run, as a table for docs/operate/pair.md."""

from pair.load import Load

RELOAD = "a change of the description"
CERTIFICATE = "a new certificate"
UPGRADE = "each machine in turn: drain, stop, start"
PYTHON = "`kill -9` of the Python service"
HAPROXY = "`kill -9` of HAProxy"
GATEWAY = "`kill -9` of the gateway"
KEEPALIVED = "`kill -9` of keepalived"
MACHINE = "loss of the machine"
EVENTS = (RELOAD, CERTIFICATE, UPGRADE, PYTHON, HAPROXY, GATEWAY, KEEPALIVED, MACHINE)

HEAD = ("under load", "requests", "cut", "refused", "the longest took", "the address moved in")
_rows: dict[str, tuple[str, ...]] = {}


def record(event: str, load: Load, moved: float | None = None) -> None:
    """Keep the figures of an event."""
    took = "" if moved is None else f"{moved:.1f} s"
    refused = sum("Connection refused" in lost.failure for lost in load.lost)
    cut = len(load.lost) - refused
    _rows[event] = (event, str(load.sent), str(cut), str(refused), f"{load.longest:.1f} s", took)


def table() -> str:
    """Return the kept figures as a table."""
    rows = [HEAD, ("---",) * len(HEAD), *(_rows[event] for event in EVENTS if event in _rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
