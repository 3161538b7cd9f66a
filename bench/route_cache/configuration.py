# SPDX-License-Identifier: Apache-2.0
"""The gateway's configuration with a cache of routes in the place of the rules that read scopes.

A scope is read by the Python service alone. Its answer names the route in headers, which HAProxy stores in two maps and removes.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.gateway import generated, runtime_in
from openstackoid.haproxy.process import CONFIGURATION
from openstackoid.routing import REQUEST_ID, TRACE

MARKS, PLACES = "marks.map", "places.map"
"""What a route puts behind the token, and the peer's row of a route that leaves; one that stays has none."""

MARK, PLACE, FORGET = "X-Openstackoid-Mark", "X-Openstackoid-Place", "X-Openstackoid-Forget"
"""The headers by which the Python service adds a route, and names the key of one that has to go for it."""

_PROVING = (
    "Gateways announce",
    "To a WSGI server, X_Forwarded_Host",
    "What only gateways say",
    "The gateway's own pages",
    "The key of a path",
    "One form of the URL",
    "Paths that a server may read",
    "A scope in the URL",
    "To a WSGI server, X_Auth_Token",
    "A service would take it",
)
_KEYSTONE = ("Keystone: what holds", "Another way to write", "Only a body")
_ODD_NAMES = (
    "_|upgrade|via|authorization|x-service|x-storage|x-subject|x-openstackoid-"
    "|x-scope,(.*,)?x-scope|x-auth-token,(.*,)?x-auth-token"
)
_MARKED = "{ var(txn.route_mark) -m found }"


def cached(description: str, folder: Path, rows: Mapping[str, tuple[str, str]], *, teaches: bool = True) -> dict[str, str]:
    """Return the files; ``rows`` is what the cache holds at the start: mark and place by the key. No word of it has a space."""
    files = generated(description, runtime_in(folder))
    groups = dict(_groups(files[CONFIGURATION]))
    text = files[CONFIGURATION]
    head = text[: text.index("    # What links in the answer")]
    tail = text[text.index("\nbackend bridge ") :]
    if teaches:
        tail = tail.replace("    http-response del-header x-openstackoid-use", f"{_indented(learning())}", 1)
    files[CONFIGURATION] = head + _indented(frontend(groups)) + tail
    files[MARKS] = "".join(f"{key} {mark}\n" for key, (mark, _) in rows.items())
    files[PLACES] = "".join(f"{key} {place}\n" for key, (_, place) in rows.items() if place)
    return files


def frontend(groups: Mapping[str, list[str]]) -> list[str]:
    """Return the rules of the frontend, from today's by the titles of their groups."""

    def group(title: str) -> list[str]:
        return next(lines for name, lines in groups.items() if name.startswith(title))

    keystone = [line for title in _KEYSTONE for line in group(title)]
    return [
        *group("What links in the answer"),
        *group("What is asked"),
        *group("Nothing of a scope"),
        *look_up(),
        *(line for title in _PROVING for line in group(title)),
        "http-request set-var(txn.bridge) bool(true) if says_scope or says_x_scope",
        *(line for line in keystone if "is_foreign" not in line and "txn.scope" not in line),
        *group("Where to"),
    ]


def look_up() -> list[str]:
    """Return the rules that find the route, where nothing but endpoint, scope and the token's mark has a say, and take it."""
    return [
        "# The route of this scope, if Python has taught it.",
        "acl is_plain_url url -m beg /",
        r"acl is_odd_path path -m reg -i '[%\\]|//|/\.|/scope'",
        f"acl has_odd_names req.hdr_names -m reg {_ODD_NAMES}",
        f"acl is_traced_read req.fhdr({REQUEST_ID},1) -m beg {TRACE}",
        f"acl has_route {_MARKED[2:-2]}",
        "http-request set-var(txn.token_mark) req.fhdr(x-auth-token,1),regsub('^[^!~%]*','')",
        "http-request set-var(txn.route_scope) req.fhdr(x-scope,1)",
        "http-request set-var(txn.route_key) var(txn.endpoint),concat(|,txn.route_scope,|),concat(,txn.token_mark)"
        " if METH_GET is_plain_url !is_odd_path !has_odd_names !is_traced_read",
        f"http-request set-var(txn.route_mark) var(txn.route_key),map_str({MARKS}) if {{ var(txn.route_key) -m found }}",
        f"http-request set-var(txn.place) var(txn.route_key),map_str({PLACES}) if has_route",
        'http-request replace-header X-Auth-Token ^([^!~]+).*$ "\\1%[var(txn.route_mark)]" if has_route',
        "http-request del-header X-Scope if has_route",
        "http-request allow if has_route",
    ]


def learning() -> list[str]:
    """Return the rules for answers of the Python service: store the route, remove the one that it names, strip the headers."""
    leads, forgets = (f"{{ res.fhdr({name}) -m found }}" for name in (PLACE, FORGET))
    key = "%[var(txn.route_key)]"
    return [
        "# What Python teaches: by an answer below 400 alone.",
        f"acl teaches res.fhdr({MARK}) -m found",
        f"http-response set-map({MARKS}) {key} %[res.fhdr({MARK})] if teaches {{ status lt 400 }}",
        f"http-response set-map({PLACES}) {key} %[res.fhdr({PLACE})] if teaches {{ status lt 400 }} {leads}",
        f"http-response del-map({MARKS}) %[res.fhdr({FORGET})] if teaches {{ status lt 400 }} {forgets}",
        f"http-response del-map({PLACES}) %[res.fhdr({FORGET})] if teaches {{ status lt 400 }} {forgets}",
        "http-response del-header x-openstackoid- -m beg",
    ]


def _groups(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the groups of the frontend's rules: the title, and the lines below it with the title as the first."""
    start, end = text.index("    # What links in the answer"), text.index("\nbackend bridge ")
    title, lines = "", list[str]()
    for line in text[start:end].splitlines():
        if line.startswith("    # "):
            if lines:
                yield title, lines
            title, lines = line[6:], []
        if line.strip():
            lines.append(line[4:])
    yield title, lines


def _indented(lines: list[str]) -> str:
    return "".join(f"    {line}\n" for line in lines)
