# SPDX-License-Identifier: Apache-2.0
"""Repeat reads once, and answer 502 to writes, when the Python service dies at work on them."""

from collections.abc import Collection

_UNKNOWN = (
    "ended before it answered, or gave no valid answer. "
    "It is not known whether this request was carried out: look before you repeat it"
)


def repeating(safe: Collection[str]) -> list[str]:
    """Return the lines that repeat a request of the ``safe`` methods if no part of an answer has come.

    For other requests, the answer says so. They have a connection of their own: when a reused connection ends, HAProxy gives no
    answer at all, as it expects the client to repeat the request.
    """
    reads = f"{{ method {' '.join(safe)} }}"
    return [
        *repeated(safe),
        "# Only reads use a connection again: it is for requests of one 'sni', which without TLS is told to no server.",
        "default-server sni method",
        f"http-request set-header Connection close unless {reads}",
        "http-request set-var(txn.bridge_unanswered) \"str('gave no valid answer')\"",
        f"http-request set-var(txn.bridge_unanswered) \"str('{_UNKNOWN}')\" unless {reads}",
    ]


def repeated(safe: Collection[str]) -> list[str]:
    """Return the lines that have a request of the ``safe`` methods sent once more where a connection ends without an answer."""
    return [
        "# Before 2.8, HAProxy counts the first time, too.",
        ".if version_atleast(2.8)",
        "retries 1",
        ".else",
        "retries 2",
        ".endif",
        "retry-on conn-failure empty-response",
        f"http-request disable-l7-retry if !{{ method {' '.join(safe)} }} or {{ req.fhdr(upgrade) -m found }}",
    ]
