# SPDX-License-Identifier: Apache-2.0
"""One line for each request on stderr, without tokens, header values and bodies."""

import logging
from typing import TYPE_CHECKING

from openstackoid import redaction
from openstackoid.redaction import logs, shown_path

if TYPE_CHECKING:
    # The supervisor shows paths, too, without importing aiohttp.
    from openstackoid.bridge.message.head import Head

__all__ = ["LOG", "log_request", "set_up", "shown_method", "shown_path"]

LOG = logging.getLogger("openstackoid.bridge")


def shown_method(head: "Head | None") -> str:
    """Return a request's method for the log, or ``-`` for an invalid one."""
    return "-" if head is None else redaction.shown_method(head.method)


def log_request(head: "Head | None", status: int, cloud: str, seconds: float, what: str) -> None:
    """Write the line of one request: method, path, status, cloud, milliseconds, and the outcome in the gateway's own words."""
    path = shown_path(head.path) if head is not None else "-"
    LOG.log(
        logging.WARNING if status >= 500 else logging.INFO,
        "%s %s %d %s %.0f ms: %s",
        shown_method(head),
        path,
        status,
        cloud,
        seconds * 1000,
        what,
    )


def set_up() -> None:
    """Send every record of the process to stderr, in the bridge's form."""
    logs.set_up("%(asctime)s bridge %(levelname)s %(message)s")
