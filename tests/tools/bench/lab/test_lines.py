# SPDX-License-Identifier: Apache-2.0
"""HAProxy's lines as calls, and which lines of a log count."""

from collections import Counter
from pathlib import Path

import pytest

from bench.lab import lines
from bench.lab.lines import GATEWAY, NOWHERE, PYTHON, SERVICE, Call, GatewayLogs, call_of
from openstackoid.haproxy.trace import BY_PYTHON, LOG_FORMAT

IMAGE = "/image/v2/images/2c914c52-1a36-4edc-9428-8e680cccc077/file"


def line(path: str, backend: str) -> str:
    return f"2026-11-27 20:31:48 haproxy 127.0.0.1 GET {path} -> {backend} - 200 19 ms ---- - left"


@pytest.mark.parametrize(
    ("backend", "sent_to"),
    [("local.image.public", SERVICE), ("peer", GATEWAY), ("bridge", PYTHON), ("gateway", NOWHERE)],
)
def test_a_line_has_the_request_and_its_target(backend: str, sent_to: str) -> None:
    assert call_of(line(IMAGE, backend), "CloudOne") == Call("CloudOne", "GET /image/v2/images/*/file", sent_to)


def test_a_line_of_the_python_service_is_told_apart() -> None:
    sent = call_of(line(IMAGE, "peer").replace("---- -", f"----{BY_PYTHON} -"), "CloudOne")
    assert sent == Call("CloudOne", "GET /image/v2/images/*/file", GATEWAY, by_python=True)


def test_the_line_is_written_as_it_is_read_here() -> None:
    assert LOG_FORMAT.startswith("%ci %HM %HPO -> %b %[var(txn.cloud)] %ST ")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27 20:31:42,021 bridge INFO GET /identity/v3/auth/tokens 200 CloudOne 243 ms: relayed",
        "2026-11-27 20:31:42 haproxy Proxy peer stopped (cumulated conns: FE: 0, BE: 96).",
        "2026-11-27 20:31:42 haproxy 127.0.0.1 <BADREQ> <BADREQ> -> gateway - 400 0 ms CR-- - -",
        "",
    ],
)
def test_other_lines_are_about_no_call(text: str) -> None:
    assert call_of(text, "CloudOne") is None


@pytest.mark.parametrize("path", ["/compute/v2.1/servers/091259a62c9c47958dd21334dbed249e", "/compute/v2.1/servers/..."])
def test_ids_are_one_kind(path: str) -> None:
    call = call_of(line(path, "local.compute.public"), "CloudOne")
    assert call is not None
    assert call.request == "GET /compute/v2.1/servers/*"


@pytest.mark.parametrize(
    ("request_", "is_one"),
    [
        ("GET /identity/v3/auth/tokens", True),
        ("GET /v3/auth/tokens", True),
        ("POST /identity/v3/auth/tokens", False),
        ("GET /identity/v3/auth/catalog", False),
    ],
)
def test_a_question_about_a_token_is_known(request_: str, is_one: bool) -> None:
    assert Call("CloudOne", request_, SERVICE).validates is is_one


def test_only_later_lines_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_QUIET", 0.01)
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_text(line("/old", "bridge") + "\n")
    two.write_text("")
    logs = GatewayLogs({"CloudOne": one, "CloudTwo": two})
    with one.open("a") as file:
        file.write(f"{line('/new', 'bridge')}\n{line('/new', 'bridge')}\nnoise\n")
    two.write_text(line("/other", "local.image.public") + "\n")
    assert logs.calls() == Counter({Call("CloudOne", "GET /new", PYTHON): 2, Call("CloudTwo", "GET /other", SERVICE): 1})
