# SPDX-License-Identifier: Apache-2.0
"""Requests of guests at a gateway: users of CloudTwo whom a policy of CloudOne accepts."""

import http.client
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from conformance.case import auth
from conformance.gateway import RunningGateway
from conformance.recorder import DEFAULT

HOME_ID = "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"
AT_HOME = {"id": HOME_ID, "name": "demo", "domain": DEFAULT}
SCOPE = '{"*":"CloudTwo","image":"CloudOne","block-storage":"CloudOne","object-store":"CloudOne"}'
FOREIGN = f"tok!SCOPE!{SCOPE}"
POLICY = """
    policy:
      seconds: {seconds}
      audit: {audit}
      peers:
        CloudTwo:
          services:
            image: [GET /v2/images, GET /v2/images/*/**, PUT /v2/images/**, POST /v2/images]
            block-storage: all
            object-store: all
          {limits}
          people: [{{name: members, roles: {{member: member}}, project: {project}}}]
"""


def lent(text: str, seconds: float = 60, audit: str = "reads", limits: str = "", project: str = "apart") -> str:
    """Return the description with a policy of CloudOne for users of CloudTwo."""
    head, one = text.split("  CloudOne:", 1)
    start, end = one.index("    policy:"), one.index("  CloudTwo:")
    policy = POLICY.format(seconds=seconds, audit=audit, limits=limits, project=project)
    return f"{head}  CloudOne:{one[:start]}{policy.strip(chr(10))}\n{one[end:]}"


def ends(seconds: float = 3600) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ask(
    gateway: RunningGateway, path: str, *headers: tuple[str, str], method: str = "GET", to: str = "image.public"
) -> tuple[int, Mapping[str, str]]:
    """Send a request on a connection of its own, and return the status and the headers of the answer."""
    listener = gateway.listener(to)
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
    gateway.recorder.seen.clear()
    try:
        connection.putrequest(method, path)
        for name, value in (("X-Case", "guests"), *headers):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def alone(gateway: RunningGateway, path: str, *headers: tuple[str, str], method: str = "GET") -> int:
    """Return the status of a request without the Python service: 503 where HAProxy does not decide alone."""
    with gateway.without_python():
        return ask(gateway, path, *headers, method=method)[0]


def fresh(name: str) -> tuple[str, str]:
    """Return the token of a user, which no other test has."""
    return auth(f"{name}@{time.monotonic_ns()}!SCOPE!{SCOPE}")
