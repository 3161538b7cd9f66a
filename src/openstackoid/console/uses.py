# SPDX-License-Identifier: Apache-2.0
"""The view *Uses and refusals*: who came in, by which rule; from the end of the gateway's audit log."""

import os
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from openstackoid.bridge.audit.reading import Line, read_line
from openstackoid.console.errors import ConsoleError
from openstackoid.console.marks import plain
from openstackoid.console.paging import Paged, paged

TAIL = 2 << 20
"""The bytes at the end of the log that are read: some five thousand lines. `openstackoid audit show` reads all."""

OUTCOMES = {"": "all", "allowed": "let in", "refused": "refused", "failed": "failed"}
DIRECTIONS = {"": "both ways", "in": "into this cloud", "out": "to other clouds"}
MOST_RULES = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asks of the lines: an outcome, a direction, a cloud, a user or rule, a request id, and a page."""

    outcome: str = ""
    direction: str = ""
    cloud: str = ""
    who: str = ""
    request_id: str = ""
    page: str = "1"

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Asked":
        """Return the query of a URL; what it does not know is left out."""
        outcome, direction = asked.get("outcome", ""), asked.get("direction", "")
        texts = {name: asked.get(name, "").strip()[:128] for name in ("cloud", "who", "request_id")}
        known = outcome if outcome in OUTCOMES else "", direction if direction in DIRECTIONS else ""
        return cls(*known, **texts, page=asked.get("page", "1"))

    def fits(self, line: Line) -> bool:
        """Return whether a line is asked for."""
        return (
            self.outcome in ("", line["outcome"])
            and self.direction in ("", line["direction"])
            and self.cloud in ("", line["home"], line.get("cloud"))
            and self.request_id in ("", line.get("request_id"))
            and (not self.who or self.who in _who(line))
        )


@dataclass(frozen=True, slots=True)
class Use:
    """A line of the log in the texts of the view, each without control characters."""

    time: str
    direction: str
    cloud: str
    user: str
    project: str
    service: str
    request: str
    rule: str
    outcome: str
    status: str
    reason: str
    request_id: str
    count: int


@dataclass(frozen=True, slots=True)
class RuleUse:
    """How often requests of a cloud were decided by a rule; ``rule`` is empty where none matched."""

    cloud: str
    rule: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Uses:
    """The asked page of lines, the newest first; a sum by rule of all asked ones; and the time of the oldest line read."""

    page: Paged[Use]
    rules: Sequence[RuleUse]
    since: str


class Tail:
    """The end of an audit log. A line is read once: the next look reads only those that were written since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None
        self._end = 0
        self._size = 0
        self._lines: deque[tuple[int, Line | None]] = deque()

    def read(self) -> list[Line]:
        """Return the last lines, the newest first; none without a file. Raises :class:`ConsoleError`."""
        try:
            with self._path.open("rb") as file:
                self._follow(file)
        except FileNotFoundError:
            return []
        except OSError as error:
            hint = "run the console as the user of the gateway"
            raise ConsoleError(f"the audit log {self._path} cannot be read: {error.strerror}", hint) from None
        return [line for _, line in reversed(self._lines) if line is not None]

    def _follow(self, file: BinaryIO) -> None:
        now = os.fstat(file.fileno())
        same = self._file == (now.st_dev, now.st_ino) and self._end <= now.st_size
        begin = max(self._end if same else 0, now.st_size - TAIL)
        if not same or begin > self._end:
            self._lines.clear()
            self._size = 0
        cut = begin > (self._end if same else 0)
        file.seek(begin)
        data = file.read(now.st_size - begin)
        # A line whose end is not there yet is read next time.
        whole = data[: data.rfind(b"\n") + 1]
        self._file, self._end = (now.st_dev, now.st_ino), begin + len(whole)
        for text in whole.split(b"\n")[1 if cut else 0 : -1]:
            self._lines.append((len(text) + 1, read_line(text.decode("ascii", "replace"))))
            self._size += len(text) + 1
        while self._size > TAIL:
            self._size -= self._lines.popleft()[0]


def uses_view(lines: Sequence[Line], asked: Asked) -> Uses:
    """Return the view of these lines, the newest first."""
    fitting = [line for line in lines if asked.fits(line)]
    page = paged(fitting, asked.page)
    rows = [_use(line) for line in page.rows]
    since = plain(lines[-1]["time"], 40) if lines else ""
    return Uses(Paged(rows, page.number, page.pages, page.total), _rules(fitting), since)


def _rules(lines: Iterable[Line]) -> list[RuleUse]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for line in lines:
        if line["direction"] == "in":
            found.setdefault((line["home"], line.get("rule") or ""), Counter())[line["outcome"]] += line.get("count", 1)
    rows = sorted(found.items(), key=lambda row: (-row[1].get("refused", 0), -sum(row[1].values())))
    return [RuleUse(plain(cloud, 64), plain(rule, 128), counts) for (cloud, rule), counts in rows[:MOST_RULES]]


def _who(line: Line) -> tuple[object, ...]:
    user = line.get("user") or {}
    return user.get("name"), user.get("id"), line.get("rule")


def _use(line: Line) -> Use:
    incoming = line["direction"] == "in"
    return Use(
        time=plain(line["time"], 40).removesuffix("Z").replace("T", " "),
        direction="from" if incoming else "to",
        cloud=plain(line["home"] if incoming else line.get("cloud") or line["gateway"], 64),
        user=_party(line.get("user")) or f"a user of {plain(line['home'], 64)}",
        project=_party(line.get("project")),
        service=plain(line["service"], 64),
        request=plain(f"{line['method']} {line['path']}", 200),
        rule=plain(line.get("rule"), 128),
        outcome=plain(line["outcome"], 20),
        status=str(line["status"] or "no answer"),
        reason=plain(line.get("reason")),
        request_id=plain(line.get("request_id"), 64),
        count=line.get("count", 1),
    )


def _party(party: Line | None) -> str:
    if party is None:
        return ""
    name = plain(party.get("name") or party.get("id"), 128)
    return f"{name} ({plain(party['domain'], 128)})" if party.get("domain") else name
