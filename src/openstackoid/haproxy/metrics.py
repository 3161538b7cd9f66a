# SPDX-License-Identifier: Apache-2.0
"""The listener for Prometheus, at an address of its own: HAProxy's metrics, and those of the Python service."""

import shlex
from collections.abc import Iterator

from openstackoid.mesh import Cloud

PATH, PATH_OF_PYTHON = "/metrics", "/metrics/gateway"

_NAME = "metrics"
_CONNECTIONS = 20


def section_lines(cloud: Cloud, socket: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the frontend and the backend, each with its lines; none where the description names no address."""
    if cloud.metrics is None:
        return
    yield (
        f"frontend {_NAME}",
        [
            f"bind {cloud.metrics}",
            f"maxconn {_CONNECTIONS}",
            "# A scrape has no line in the log.",
            "http-request set-log-level silent",
            "http-request return status 405 if !METH_GET",
            f"http-request use-service prometheus-exporter if {{ path {PATH} }}",
            f"http-request return status 404 if !{{ path {PATH_OF_PYTHON} }}",
            f"default_backend {_NAME}",
        ],
    )
    yield f"backend {_NAME}", [f"server python unix@{shlex.quote(socket)}"]
