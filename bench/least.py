# SPDX-License-Identifier: Apache-2.0
"""The least that a scope can cost: HAProxy configurations by hand, without any check: unsafe to run.

They look the scope up in a map, put the completed scope behind the token, and forward. A request that leaves has what a peer and
the audit log need (``Via``, a request id, the form of the scope), and is repeated once if the connection ends: for that, HAProxy
copies the buffer. The distance between these and the gateway is the price of all checks.
"""

from collections.abc import Sequence
from pathlib import Path

from bench.haproxy import TIMEOUTS, backend_section, global_section
from openstackoid.haproxy.hardening import HEAD_BUFFER
from openstackoid.haproxy.process import CONFIGURATION
from openstackoid.routing.loops import VIA, passed
from openstackoid.routing.wire_version import HEADER
from openstackoid.routing.workflows import REQUEST_ID
from openstackoid.scope import WIRE, join_token

_ROWS = "rows.map"


def least(folder: Path, port: int, services: Sequence[str], own: int, peer: int) -> dict[str, str]:
    """Return the files; ``own`` and ``peer`` are the ports of this cloud's services and of the peer's gateway."""
    text = [global_section(folder, "log stdout format raw local0 info", f"tune.bufsize {HEAD_BUFFER}")]
    text += [f"defaults\n{TIMEOUTS}    option forwardfor\n    log global\n    option httplog\n"]
    frontend = [
        f"bind 127.0.0.1:{port}",
        f"http-request set-var(txn.row) req.fhdr(x-scope),map_str({_ROWS})",
        "http-request del-header X-Scope",
        'http-request replace-header X-Auth-Token (?s)^.+ "\\0%[var(txn.row),field(1,|)]"',
        "use_backend peer if { var(txn.row) -m sub | }",
        *(f"use_backend {service} if {{ path_beg /{service}/ }}" for service in services),
    ]
    leaving = [
        "retry-on conn-failure empty-response",
        f'http-request add-header {VIA} "{passed("CloudOne")}"',
        f"http-request set-header {REQUEST_ID} req-%[uuid()]",
        f"http-request set-header {HEADER} {WIRE}",
        "http-request set-dst var(txn.row),field(2,|)",
        "http-request set-dst-port var(txn.row),field(3,|)",
        "http-reuse always",
        "server gateway 0.0.0.0:0",
    ]
    text += [_section("frontend least", frontend), *(backend_section(service, service, str(own)) for service in services)]
    text += [_section("backend peer", leaving)]
    here, there = (join_token("", f'{{"*":"CloudOne","image":"{cloud}"}}') for cloud in ("CloudOne", "CloudTwo"))
    rows = f'{{"image":"CloudOne"}} {here}\n{{"image":"CloudTwo"}} {there}|127.0.0.1|{peer}\n'
    return {CONFIGURATION: "\n".join(text) + "\n", _ROWS: rows}


def _section(title: str, lines: Sequence[str]) -> str:
    return f"{title}\n" + "".join(f"    {line}\n" for line in lines)
