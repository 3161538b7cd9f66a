# SPDX-License-Identifier: Apache-2.0
"""The compiled HAProxy, and the bridge, against the Python decision, on heads that were changed once more."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.gateway import running_gateway
from conformance.remembering import Remembering
from fuzz.heads import Literal, case_of, literals
from fuzz.target import Check, Target

_PASSES = '{}[]":,\\ !SCOPEx*&|=%.;-_/'
"""What HAProxy lets through in a header's value or a path: what it does not is answered before anything is decided."""


@contextmanager
def opened() -> Iterator[Check]:
    """Yield a check that sends a request to a running gateway and compares its treatment with the decision."""
    with (
        Path(os.devnull).open("wb") as log,
        running_gateway("CloudOne", with_bridge=True, bridge_log=log) as one,
        running_gateway("CloudTwo", with_bridge=True, bridge_log=log) as two,
    ):
        gateways = {"CloudOne": Remembering(one), "CloudTwo": Remembering(two)}

        def check(literal: Literal) -> None:
            case = case_of(literal)
            gateways[case.at].agrees(case)

        yield check


def _whole(literal: Literal) -> bool:
    """Return whether this is HTTP that every client could send, for methods that the recorders know."""
    method, _, _, path, headers, _ = literal
    return (
        path.startswith("/") and " " not in path and method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
    ) and not any(name in ("Upgrade", "x_auth_token") for name, _ in headers)


TARGET = Target(
    "agreement",
    "HAProxy and bridge do what decide() says",
    literals(_PASSES, secret=False).filter(_whole),
    opened,
    short=0,
    share=2,
    guided=False,
)
