# SPDX-License-Identifier: Apache-2.0
"""What becomes of a request when the Python service ends while it is at work on it."""

from collections.abc import Collection

_UNKNOWN = (
    "ended before it answered, or gave no valid answer. "
    "It is not known whether this request was carried out: look before you repeat it"
)


def repeating(safe: Collection[str]) -> list[str]:
    """Return the lines that have a request of the ``safe`` methods sent again if no part of an answer has come.

    A request that may have changed something is sent once, and its answer says so.
    """
    reads = f"{{ method {' '.join(safe)} }}"
    return [
        "# Before 2.8, HAProxy counts the first attempt, too.",
        ".if version_atleast(2.8)",
        "retries 1",
        ".else",
        "retries 2",
        ".endif",
        "retry-on conn-failure empty-response",
        f"http-request disable-l7-retry unless {reads}",
        f"http-request set-header Connection close unless {reads}",
        "http-request set-var(txn.bridge_unanswered) \"str('gave no valid answer')\"",
        f"http-request set-var(txn.bridge_unanswered) \"str('{_UNKNOWN}')\" unless {reads}",
    ]


def apart() -> str:
    """Return what is added to the ``server`` line, so that only reads use connections that have served other requests.

    Where such a connection ends, HAProxy answers nothing at all: it expects the client to send the request again. It never uses
    a connection for another ``sni`` than the first, which without TLS no server is told; and those of writes are closed after
    one request.
    """
    return " sni method"
