# SPDX-License-Identifier: Apache-2.0
"""Lines of HAProxy's log about traced requests."""

import json

from hypothesis import strategies as st

from conformance.clouds import three_clouds
from fuzz.mutations import mutated_bytes
from fuzz.target import Target, pure
from openstackoid.bridge.trace.haproxy_lines import record_of_line

MESH = three_clouds()
TRACED = "req-7472ace0-0000-4000-8000-000000000000"
LINE = (
    f"127.0.0.1 GET /image/v2/images -> local.image.public - 200 12 ms -- trace={TRACED} at=1700000000000000 socket=1 via=token\n"
).encode()


def check_line(data: bytes) -> None:
    """A line of HAProxy is a record, or none."""
    found = record_of_line(data, MESH, "CloudOne")
    if found is not None:
        assert found[0].startswith("req-7472ace0-"), "a record is of a trace"
        assert len(json.dumps(found[1].document(), allow_nan=False)) < 10_000, "a record is short"


_PIECES = [
    b" ",
    b"-",
    b"->",
    b"/",
    b"\n",
    b"\xff",
    b"%",
    b"#20",
    b"peer CloudTwo",
    b"gateway",
    b"bridge",
    b"9" * 20,
    b"socket=99",
    b"+",
    b"trace=",
]
TARGET = Target(
    "lines",
    "a line of HAProxy is a record or none",
    st.just(LINE).flatmap(lambda line: mutated_bytes(line, _PIECES, 5)),
    pure(check_line),
    short=200,
)
