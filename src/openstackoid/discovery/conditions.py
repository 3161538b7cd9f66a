# SPDX-License-Identifier: Apache-2.0
"""The conditions of an existing HAProxy, judged for requests to a URL: those on the host, the path and TLS. Pure."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from openstackoid.mesh.urls import HTTPS, FrontendUrl

_HOST = re.compile(r"(?:req\.f?)?hdr(?P<how>_[a-z]+)?\(host(?:,-?\d+)?\)[a-z0-9_,().:-]*\Z|ssl_fc_sni(?P<sni>_[a-z]+)?\Z")
_PATH = re.compile(r"path(?P<how>_[a-z]+)?\Z")
_OF_CLIENT = ("src", "ssl_c_", "http_auth")
_METHODS: Mapping[str, Callable[[str, str], bool]] = {
    "str": str.__eq__,
    "beg": str.startswith,
    "end": str.endswith,
    "sub": str.__contains__,
    "dom": lambda text, value: f".{value}." in f".{text}.",
    "dir": lambda text, value: f"/{value.strip('/')}/" in text,
}

Acls = Mapping[str, Sequence[Sequence[str]]]
"""The words of each line of a named ACL, without its name."""


def holds(condition: Sequence[str], acls: Acls, url: FrontendUrl[str]) -> bool | None:
    """Return whether the words of a condition hold for requests to ``url``; None where that depends on something else."""
    if not condition:
        return True
    kind, *words = condition
    results: list[bool | None] = []
    for part in _split(words, ("or", "||")):
        judged = [_term(wanted, term, acls, url) for wanted, term in _terms(part)]
        results.append(False if False in judged else None if None in judged else True)
    result = True if True in results else None if None in results else False
    return result if kind == "if" or result is None else not result


def sources(condition: Sequence[str], acls: Acls, wanted: bool = True) -> tuple[str, ...] | None:
    """Return the networks of a condition that holds for requests from these alone (``wanted``), or for all but these.

    None for a condition about anything else.
    """
    kind, *words = condition or ("if",)
    found: list[str] = []
    parts = [list(_terms(part)) for part in _split(words, ("or", "||"))]
    for terms in parts:
        # Of several, each must be about addresses that are in a network: all together are then the networks of either.
        if len(terms) != 1 or (terms[0][0] is (kind == "if")) is not wanted or (len(parts) > 1 and not terms[0][0]):
            return None
        term = terms[0][1]
        for fetch, *rest in [term[1:]] if term[0] == "{" else acls.get(term[0], [("",)]):
            flags, values = _flags(rest)
            if fetch != "src" or flags:
                return None
            try:
                found += [str(ipaddress.ip_network(value, strict=False)) for value in values]
            except ValueError:
                return None
    return tuple(found) or None


def is_about_the_client(condition: Sequence[str], acls: Acls) -> bool:
    """Return whether a condition asks for the client: its address, its certificate or its password."""
    words = (*condition, *(acl[0] for word in condition for acl in acls.get(word.lstrip("!"), ()) if acl))
    return any(word.startswith(_OF_CLIENT) for word in words)


def compare(method: str, texts: Sequence[str], values: Sequence[str]) -> bool | None:
    """Return whether a text matches a value by HAProxy's matching method, as in ``-m beg``; None for an unknown one."""
    matches = _METHODS.get(method)
    if matches is None or not values:
        return None
    return any(matches(text, value) for text in texts for value in values)


def _split(words: Sequence[str], marks: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word in marks:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _terms(words: Sequence[str]) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """Yield each term of a conjunction: whether it is wanted, and the words of an anonymous ACL or the name of one."""
    rest, wanted = iter(words), True
    for written in rest:
        word = written.lstrip("!")
        wanted ^= (len(written) - len(word)) % 2 == 1
        if not word:
            continue
        if word == "{":
            inner = []
            for part in rest:
                if part == "}":
                    break
                inner.append(part)
            yield wanted, ("{", *inner)
        else:
            yield wanted, (word,)
        wanted = True


def _term(wanted: bool, words: Sequence[str], acls: Acls, url: FrontendUrl[str]) -> bool | None:
    if words[0] == "{":
        matches = _matches(words[1:], url)
    else:
        judged = [_matches(acl, url) for acl in acls.get(words[0], [])]
        matches = True if True in judged else False if judged and None not in judged else None
    return None if matches is None else matches is wanted


def _matches(acl: Sequence[str], url: FrontendUrl[str]) -> bool | None:
    """Return whether an ACL matches requests to ``url``, or None for one about something else than host, path and TLS."""
    if not acl:
        return None
    fetch, *rest = acl
    if fetch == "ssl_fc":
        return url.scheme == HTTPS
    host, path = _HOST.match(fetch), _PATH.match(fetch)
    how = (host["how"] or host["sni"] if host else path["how"] if path else None) or ""
    flags, values = _flags(rest)
    method = how.lstrip("_") or flags.get("-m", "str")
    if host is not None:
        return compare(method, [url.host.strip("[]").lower()], [value.lower().split(":")[0] for value in values])
    if path is not None:
        return compare(method, [f"{url.prefix}/", f"{url.prefix}{url.suffix}/"], values)
    return None


def _flags(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    flags: dict[str, str] = {}
    rest = list(words)
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if flag == "--":
            break
        flags[flag] = rest.pop(0) if flag in ("-m", "-f", "-u") and rest else ""
    return flags, rest
