# SPDX-License-Identifier: Apache-2.0
"""No token, password or key is in the output of a gateway, for any request and any failure.

The whole gateway runs: supervisor, HAProxy and Python service. Marked secrets stand in each place of a request where a client may
put one, to services that work, that are down, that answer nonsense; then all that was written is searched for them.
"""

import json
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.clouds import description
from conformance.gateway import started
from conformance.recorder import free_ports
from conformance.sealed import Sealed, malformed, ordinary, reads_again, unlimited_cores
from conformance.wrecked import ANSWERS, hostile
from marked import Found, Marked, family, fernet_like, files, limit_of_cores, mode_of, opaque, shown_of, token_like


@pytest.fixture(scope="module", params=[fernet_like, opaque])
def wrecked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """A gateway that has been through all of it, and runs: with tokens that look like some, and with such as no pattern knows."""
    folder = tmp_path_factory.mktemp("secrets")
    marked = Marked(request.param)
    with hostile(folder / "seen-here") as here, hostile(folder / "seen-there") as there:
        reader = marked.new("the reader account's token")
        times = '"issued_at":"2026-01-01T00:00:00.000000Z","expires_at":"2099-01-01T00:00:00.000000Z"'
        given = f'{{"token":{{{times},"methods":["password"],"user":{{"id":"u","name":"r","domain":{{"id":"d","name":"D"}}}}}}}}'
        head = f"HTTP/1.1 201 Created\r\nX-Subject-Token: {reader}\r\nContent-Type: application/json\r\nContent-Length: "
        log_in = f"{head}{len(given)}\r\nConnection: close\r\n\r\n{given}".encode()
        gateway = Sealed(folder, marked, here, there)
        gateway.start()
        try:
            for way in ANSWERS:
                here.answers = there.answers = way
                for sent in ordinary(marked, way):
                    there.special = {b"POST /identity/v3/auth/tokens": lambda _: log_in} if way == "unauthorized" else {}
                    gateway.exchange(sent)
            here.answers = there.answers = "good"
            for sent in malformed(marked):
                gateway.exchange(sent)
            reads_again(gateway)
            yield gateway
        finally:
            gateway.stop()


def test_the_search_finds_secrets_that_are_there(wrecked: Sealed, tmp_path: Path) -> None:
    """The services' requests hold tokens and passwords in plain, and an encoded one."""
    found = wrecked.marked.search([wrecked.folder / "seen-here", wrecked.folder / "seen-there"])
    names = {one.name for one in found}
    assert "the reader account's password" in names
    assert {"good: none image, X-Auth-Token", "good: none, a body", "good: none, a query", "good: a console's token"} <= names
    assert Found("good: none image, basic", "base64", str(wrecked.folder / "seen-here")) in found
    assert len(names) > 200


def test_the_log(wrecked: Sealed) -> None:
    text = wrecked.log.read_bytes()
    assert wrecked.marked.find(text, "the log") + token_like(text, "the log") == []
    # It is the log of all that: of HAProxy and of the Python service.
    assert text.count(b" haproxy ") > 100
    assert text.count(b" bridge ") > 100
    assert b"/os-console-auth-tokens/..." in text
    assert b"<BADREQ>" in text


def test_the_answers(wrecked: Sealed) -> None:
    assert len(wrecked.answers) > 100
    assert [found for answer in wrecked.answers for found in wrecked.marked.find(answer, repr(answer[:40]))] == []


def test_the_trace_holds_no_secret(wrecked: Sealed) -> None:
    page = wrecked.exchange(wrecked.records.encode())
    assert page.startswith(b"HTTP/1.1 200")
    assert page.count(b'"method"') > 50
    assert wrecked.marked.find(page, "the trace") == []


def test_the_files(wrecked: Sealed) -> None:
    """Journal, records of processes, generated configuration: all of them, and they are their owner's."""
    assert wrecked.marked.search([wrecked.state]) == []
    assert [str(path) for path in files([wrecked.state]) if mode_of(path) & 0o077] == []
    assert mode_of(wrecked.readers) == 0o600
    uses = [json.loads(line) for line in (wrecked.state / "audit.log").read_text().splitlines()]
    assert {"in", "out"} == {use["direction"] for use in uses}, "the audit log is one of them, and has lines of both kinds"


def test_the_processes(wrecked: Sealed) -> None:
    """No title holds a secret, and the environment of the supervisor's caller is not in its children's."""
    supervisor, *children = family(wrecked.running.pid)
    assert len(children) == 3, "HAProxy, the Python service, and the process of it that reads HAProxy's log"
    shown = [*shown_of(supervisor, environment=False), *(pair for child in children for pair in shown_of(child))]
    assert [found for where, text in shown for found in wrecked.marked.find(text, where)] == []
    assert b"PATH=" in b"".join(text for where, text in shown if where.endswith("environ"))


def test_haproxys_control_socket(wrecked: Sealed) -> None:
    """It does not show the requests that it could not read, with their headers."""
    for command in ("show errors", "show sess all", "show env", "show stat", "show info", "show events", "help"):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(wrecked.state / "haproxy.sock"))
            control.sendall(f"{command}\n".encode())
            answer = b"".join(iter(lambda: control.recv(65536), b""))
        assert wrecked.marked.find(answer, command) == []
        if command in ("show errors", "show env"):
            assert b"Permission denied" in answer, answer


def test_core_files(wrecked: Sealed) -> None:
    """None is written, where the system would write one."""
    supervisor, *children = family(wrecked.running.pid)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    limit = "0" if hard == 0 else "1"
    assert {process.pid: limit_of_cores(process.pid) for process in (supervisor, *children)} == {
        process.pid: (limit, limit) for process in (supervisor, *children)
    }
    said = wrecked.said().count("was killed by SIGABRT")
    for child in children:
        child.send_signal(signal.SIGABRT)
    # The supervisor tells of its own two children.
    wrecked.wait_for("was killed by SIGABRT", said + 2)
    wrecked.wait_for("runs again", 2)
    assert wrecked.marked.search([wrecked.folder / "desk"]) == []
    assert list((wrecked.folder / "desk").iterdir()) == []


def test_the_python_service_seals_itself() -> None:
    """Also without a supervisor; no other process of its user can attach to it, or read its memory."""
    with unlimited_cores(), started(description(free_ports()), "CloudOne", with_bridge=True) as (_, (bridge, _)):
        assert limit_of_cores(bridge) == (("0", "0") if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 else ("1", "1"))
        assert Path("/proc", str(bridge), "environ").stat().st_uid == 0, "of a process that is not dumpable, root owns them"
