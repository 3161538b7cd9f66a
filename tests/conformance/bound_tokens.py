# SPDX-License-Identifier: Apache-2.0
"""Two clouds that bind tokens, and requests with a bound token from a peer's gateway."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.secure import Secure, secure_world
from openstackoid.binding import KeyRepository, Kind
from openstackoid.bridge.binding.binder import Binder

TOKEN, SERVICE = "gAAAAABm" + "u" * 120, "gAAAAABm" + "s" * 120
TO_TWO = '{"*":"CloudOne","image":"CloudTwo"}'
COMPUTE_THERE = '{"*":"CloudOne","compute":"CloudTwo"}'
NETWORK_THERE = '{"*":"CloudOne","network":"CloudTwo"}'
WITH_WRONG = '{"*":"CloudOne","compute":"CloudTwo","image":"Wrong"}'
DELEGATION = (
    "{'*': {users: {network: [GET /v2.0/ports]}, services: {network: [GET /v2.0/networks]}, tokens: [login]},"
    " Wrong: {tokens: [exchange]}}"
)


@contextmanager
def delegating_world(folder: Path) -> Iterator[Secure]:
    """Yield gateways of two clouds with delegations, and a certificate of a third cloud."""
    with secure_world(folder, DELEGATION, "{CloudOne: {tokens: [exchange]}}") as secure:
        secure.certificates.issue("Wrong")
        yield secure


def refused(world: Secure) -> dict[str, Any]:
    """Return the line of the request that was just refused; only the first ten of a sender in a minute have one."""
    line = audited(world)[-1]
    assert line["outcome"] == "refused"
    return line


def audited(world: Secure, cloud: str = "CloudOne") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(world.folders[cloud], "audit.log").read_text().splitlines()]


def bound(world: Secure, token: str = TOKEN, kind: Kind = Kind.USER, scope: str | None = COMPUTE_THERE) -> str:
    """Return a token of CloudOne as CloudTwo's gateway has got it."""
    binder = Binder(KeyRepository(world.folders["CloudOne"] / "keys"))
    return binder.bind(token, kind, "CloudTwo", scope, 86_400)


def as_peer(
    world: Secure,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes | None = None,
    certificate: str | None = "CloudTwo.pem",
) -> tuple[int, dict[str, str], Any]:
    """Ask CloudOne's gateway as the holder of a certificate."""
    return world.ask("CloudOne", method, path, headers, body, context=world.certificates.client(certificate))


def seen(world: Secure) -> dict[str, str]:
    (request,) = world.recorder.seen
    return {key.lower(): value for key, value in request.headers}


@contextmanager
def without_python(world: Secure, cloud: str) -> Iterator[None]:
    path = world.folders[cloud] / "bridge.sock"
    away = path.rename(path.with_name("away.sock"))
    try:
        yield
    finally:
        away.rename(path)
