# SPDX-License-Identifier: Apache-2.0
"""An existing HAProxy configuration: its frontends, the choices that they make, and the servers of its backends.

Pure: the texts of files in, sections out. Of HAProxy's keywords, those are read that route requests, wait for them, or check
servers.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from openstackoid.discovery.catalog import DiscoverError

_SECTIONS = {
    "global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist", "cache", "program", "mailers",
    "ring", "http-errors", "log-forward", "fcgi-app", "crt-store", "traces", "log-profile",
}  # fmt: skip
_PROXIES = {"frontend", "backend", "listen"}
CHECK_VALUES = ("inter", "fastinter", "downinter", "rise", "fall")
"""Options of a server: how it is checked."""
_SOCKET = re.compile(r"(?:ipv[46]@)?(?P<host>\[[0-9A-Fa-f:.]*\]|[^\[\]/@]*):(?P<port>\d+)\Z")
_BASE = re.compile(r"^\s*(ca|crt)-base\s+(/\S*)", re.MULTILINE)
_EVERY_ADDRESS = ("*", "0.0.0.0", "::")  # noqa: S104 - read, not bound
_VALUES = {"ca-file", "sni", "verify", "verifyhost", *CHECK_VALUES}
"""Options of a server that are followed by a value which is read here."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Directive:
    """The words of a line, and its place."""

    words: tuple[str, ...]
    place: Place = field(compare=False)

    def __str__(self) -> str:
        return f"{' '.join(self.words)} ({self.place})"


@dataclass(frozen=True, slots=True)
class Socket:
    """An address and port. ``host``: without brackets; empty for every address.

    ``bind``: the line that opens it. ``text``: the address as it is written there.
    """

    host: str
    port: int
    bind: Directive
    text: str = field(compare=False)

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host or '*'}:{self.port}"


@dataclass(frozen=True, slots=True)
class Server:
    """A server of a backend. ``options``: the words after its address, and the values of those that have one."""

    name: str
    address: str
    options: Mapping[str, str] = field(repr=False)

    @property
    def is_spare(self) -> bool:
        """Whether the server gets no requests while others are up, or none at all."""
        return "backup" in self.options or "disabled" in self.options


@dataclass(frozen=True, slots=True)
class Choice:
    """A ``use_backend`` line: the words of the backend and of the condition."""

    backend: str
    condition: tuple[str, ...]
    place: Place


@dataclass(slots=True)
class Proxy:
    """A ``frontend``, ``backend``, ``listen`` or ``defaults`` section. ``defaults``: the section that it inherits from."""

    kind: str
    name: str
    place: Place
    sockets: list[Socket] = field(default_factory=list)
    default_backend: str | None = None
    choices: list[Choice] = field(default_factory=list)
    acls: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)
    lines: list[Directive] = field(default_factory=list, repr=False)
    defaults: "Proxy | None" = field(default=None, repr=False)
    options: dict[str, str] = field(default_factory=dict, repr=False)
    """Those of its ``default-server`` lines."""

    @property
    def settings(self) -> Iterator[Directive]:
        """The lines that it inherits, then its own."""
        if self.defaults is not None:
            yield from self.defaults.settings
        yield from self.lines


@dataclass(frozen=True, slots=True)
class Configuration:
    """The frontends of all files (``listen`` sections are of both kinds), and the backends by their names.

    ``authorities``, ``certificates``: the folders of such files that have no path (``ca-base``, ``crt-base``).
    """

    frontends: tuple[Proxy, ...]
    backends: Mapping[str, Proxy]
    authorities: str = "/"
    certificates: str = "/"


def parse_configuration(files: Mapping[str, str]) -> Configuration:
    """Return the sections of ``files``, texts by their names.

    A section that two files have in the same words counts once: OpenStack-Ansible assembles a file from a folder beside it.
    Raises :class:`DiscoverError`.
    """
    proxies: dict[tuple[str, str], Proxy] = {}
    for proxy in _sections(files):
        for kind in ("frontend", "backend") if proxy.kind == "listen" else (proxy.kind,):
            other = proxies.setdefault((kind, proxy.name), proxy)
            if other.lines != proxy.lines:
                raise DiscoverError(f"{proxy.place}: {kind} {proxy.name} is another one at {other.place}; one is accepted")
    return Configuration(
        tuple(proxy for (kind, _), proxy in proxies.items() if kind == "frontend"),
        {name: proxy for (kind, name), proxy in proxies.items() if kind == "backend"},
        _base("ca", files),
        _base("crt", files),
    )


def _base(kind: str, files: Mapping[str, str]) -> str:
    return next((found[2] for text in files.values() for found in _BASE.finditer(text) if found[1] == kind), "/")


def _sections(files: Mapping[str, str]) -> list[Proxy]:
    """Return the proxies. Each inherits the ``defaults`` section before it, also of an earlier file, or the one that it names."""
    found: list[Proxy] = []
    latest: Proxy | None = None
    named: dict[str, Proxy] = {}
    for file, text in files.items():
        section: Proxy | None = None
        for number, line in enumerate(text.splitlines(), start=1):
            place = Place(file, number)
            words = _words(line, place)
            if not words or words[0].startswith("."):
                continue
            if words[0] == "defaults":
                inherits = named.get(_after(words, "from"))
                name = words[1] if len(words) > 1 and words[1] != "from" else ""
                latest = section = _inheriting("defaults", name, place, inherits)
                if name:
                    named[name] = section
            elif words[0] in _PROXIES and len(words) > 1:
                section = _inheriting(words[0], words[1], place, named.get(_after(words, "from"), latest))
                found.append(section)
            elif words[0] in _SECTIONS:
                section = None
            elif section is not None:
                section.lines.append(Directive(words, place))
                _read(section, section.lines[-1])
    return found


def _inheriting(kind: str, name: str, place: Place, defaults: Proxy | None) -> Proxy:
    return Proxy(kind, name, place, defaults=defaults, options=dict(defaults.options) if defaults else {})


def _after(words: Sequence[str], keyword: str) -> str:
    """Return the word after a keyword, empty for none."""
    return next((word for before, word in pairwise(words) if before == keyword), "")


def _words(line: str, place: Place) -> tuple[str, ...]:
    """Return the words of a line; HAProxy quotes and comments as a shell does (configuration manual, section 2.2)."""
    try:
        return tuple(shlex.split(line, comments=True))
    except ValueError as error:
        raise DiscoverError(f"{place}: not a line of HAProxy: {str(error).lower()}") from None


def _read(proxy: Proxy, line: Directive) -> None:
    keyword, rest, place = line.words[0], line.words[1:], line.place
    if keyword == "bind" and rest:
        proxy.sockets += [_socket(text, line) for text in rest[0].split(",") if _is_inet(text)]
    elif keyword == "default_backend" and rest:
        proxy.default_backend = rest[0]
    elif keyword == "use_backend" and rest:
        proxy.choices.append(Choice(rest[0], rest[1:], place))
    elif keyword == "acl" and len(rest) > 1:
        proxy.acls.setdefault(rest[0], []).append(rest[1:])
    elif keyword == "server" and len(rest) > 1:
        proxy.servers.append(Server(rest[0], rest[1], {**proxy.options, **_options(rest[2:])}))
    elif keyword == "default-server":
        proxy.options.update(_options(rest))


def _is_inet(text: str) -> bool:
    return not text.startswith(("unix@", "/", "abns@", "fd@", "sockpair@", "quic4@", "quic6@"))


def _socket(text: str, bind: Directive) -> Socket:
    found = _SOCKET.match(text)
    if found is None:
        raise DiscoverError(f"{bind.place}: bind {text}: an address with one port is accepted, as in 10.0.1.10:9292 or :443")
    host = found["host"].strip("[]")
    return Socket("" if host in _EVERY_ADDRESS else host, int(found["port"]), bind, text)


def _options(words: Sequence[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        options[word] = next(rest, "") if word in _VALUES else ""
    return options
