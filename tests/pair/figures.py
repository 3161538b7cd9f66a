# SPDX-License-Identifier: Apache-2.0
"""The figures of a run, as a table for docs/operate/pair.md."""

from collections.abc import Sequence

from pair.load import Load, refused

RELOAD = "a change of the description"
CERTIFICATE = "a new certificate"
RESTART = "each machine in turn: drain, stop, start"
UPLOADS = "a drain during which uploads begin"
UPGRADE = "each machine in turn: an upgrade from an earlier release"
PYTHON = "`kill -9` of the Python service"
HAPROXY = "`kill -9` of HAProxy"
GATEWAY = "`kill -9` of the gateway"
KEEPALIVED = "`kill -9` of keepalived"
MACHINE = "loss of the machine"
EVENTS = (RELOAD, CERTIFICATE, RESTART, UPLOADS, UPGRADE, PYTHON, HAPROXY, GATEWAY, KEEPALIVED, MACHINE)

HEAD = ("under load", "requests", "cut", "refused", "the longest took", "the address moved in")
REPEATED = ("of clients that repeat", "requests", "repeated", "lost", "uncertain writes", "the longest took")
_rows: dict[str, tuple[str, ...]] = {}
_repeated: dict[str, tuple[str, ...]] = {}


def record(event: str, loads: Sequence[Load], moved: Sequence[float] = ()) -> None:
    """Keep the figures of an event: of a load for each time, and the seconds in which the address moved."""
    took = ", ".join(f"{seconds:.1f}" for seconds in moved) + " s" * bool(moved)
    lost = [lost for load in loads for lost in load.lost]
    unmet = sum(refused(each.failure) for each in lost)
    sent, longest = sum(load.sent for load in loads), max(load.longest for load in loads)
    _rows[event] = (event, str(sent), str(len(lost) - unmet), str(unmet), f"{longest:.1f} s", took)


def record_repeated(event: str, loads: Sequence[Load]) -> None:
    """Keep the figures of an event for clients that repeat requests."""
    sent, repeated = sum(load.sent for load in loads), sum(load.repeated for load in loads)
    gone, uncertain = sum(len(load.gone) for load in loads), sum(len(load.uncertain) for load in loads)
    longest = max(load.longest for load in loads)
    _repeated[event] = (event, str(sent), str(repeated), str(gone), str(uncertain), f"{longest:.1f} s")


def table() -> str:
    """Return the kept figures as two tables."""
    tables = ((HEAD, _rows), (REPEATED, _repeated))
    return "\n\n".join(_table(head, [kept[event] for event in EVENTS if event in kept]) for head, kept in tables if kept)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))
