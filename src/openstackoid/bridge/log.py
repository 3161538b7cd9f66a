# SPDX-License-Identifier: Apache-2.0
"""One line a request on stderr, in which no token, header value or body can stand."""

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The supervisor shows paths, too, and is spared aiohttp.
    from openstackoid.bridge.head import Head

LOG = logging.getLogger("openstackoid.bridge")

_HARMLESS = re.compile(r"[A-Za-z0-9._~-]{0,36}\Z")
_METHOD = re.compile(r"[A-Z]{1,16}\Z")


def shown_path(path: str) -> str:
    """Return a path for the log: a segment that is longer than a UUID, or of other characters than ids have, becomes ``...``."""
    return "/".join(segment if _HARMLESS.match(segment) else "..." for segment in path.split("/")[:16])


def shown_method(head: "Head | None") -> str:
    """Return a request's method for the log, or ``-`` for one that is not written as methods are."""
    return head.method if head is not None and _METHOD.match(head.method) else "-"


def log_request(head: "Head | None", status: int, cloud: str, seconds: float, what: str) -> None:
    """Write the line of one request: method, path, status, cloud, milliseconds, and what happened in the gateway's own words."""
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


class _Discreet(logging.Formatter):
    """Of other libraries' records, only the template and the exception's type are shown: their arguments may hold headers."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.partition(".")[0] != "openstackoid":
            kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            template = (str(record.msg).splitlines() or [""])[0]
            record = logging.makeLogRecord({**record.__dict__, "msg": f"{record.name}: {template} {kind}".rstrip(), "args": None})
        record.exc_info = record.exc_text = record.stack_info = None
        return super().format(record)


def set_up() -> None:
    """Send every record of the process to stderr, in the bridge's form."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet("%(asctime)s bridge %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
