# SPDX-License-Identifier: Apache-2.0
"""The errors that HAProxy answers by itself: OpenStack's body, and the service in words."""

import json

from openstackoid.haproxy import upstream
from openstackoid.mesh import Cloud
from openstackoid.routing.backend_names import UNANSWERED, UNREACHED

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    416: "Range Not Satisfiable",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

_WHY_503 = upstream.failed(UNREACHED)

GENERAL = {
    400: "the request is not valid HTTP",
    408: "the request did not arrive in time",
    500: "the gateway failed",
    502: "the service gave no valid answer",
    503: "the service cannot be reached",
    504: "the service did not answer in time",
}
"""The default message by status, where a section of the configuration has none of its own."""


def failures(
    cloud: Cloud,
    service: str,
    *,
    trouble: str = "cannot be reached",
    unanswered: str = "gave no valid answer",
    retry: int | None = None,
    patience: str = "",
) -> list[str]:
    """Return the lines for a ``service`` that cannot be reached, or gives no answer within the seconds of its ``patience``."""
    seconds = patience or f"{cloud.timeouts.server:g}"
    return [
        http_error(502, f"gateway of {cloud.name}: {service} {unanswered}"),
        f"http-error {answer(503, f'gateway of {cloud.name}: {service} {trouble}', retry=retry, more=_WHY_503)}",
        http_error(504, f"gateway of {cloud.name}: {service} did not answer within {seconds} s"),
    ]


def http_error(status: int, message: str) -> str:
    """Return the line that has HAProxy answer ``status`` with a message."""
    return f"http-error {answer(status, message, more=_WHY_503 if status == 503 else upstream.failed(UNANSWERED))}"


def answer(status: int, message: str, *, retry: int | None = None, more: str = "") -> str:
    """Return the arguments of ``http-error`` and ``http-request return``. ``retry``: the seconds of ``Retry-After``."""
    body = json.dumps({"error": {"code": status, "title": _TITLES[status], "message": message}})
    again = "" if retry is None else f" hdr Retry-After {retry}"
    return f"status {status} content-type application/json{again}{more and f' {more}'} lf-string '{body}'"


def milliseconds(seconds: float) -> str:
    """Return a time as HAProxy reads it."""
    # HAProxy takes 0 as unlimited.
    return f"{max(1, round(seconds * 1000))}ms"
