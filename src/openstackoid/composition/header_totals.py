# SPDX-License-Identifier: Apache-2.0
"""Sums of the numbers that Swift says of an account or a container in the headers of an answer."""

import re
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"X-(?:Account|Container)-[A-Za-z0-9-]*(?:Count|Bytes-Used)", re.IGNORECASE)
_LONGEST = 20


def header_totals(answers: Iterable[Iterable[tuple[str, str]]]) -> Sequence[tuple[str, str]]:
    """Return the headers with numbers of several clouds' answers, each with the sum of its numbers."""
    names: dict[str, str] = {}
    sums: dict[str, int] = {}
    for headers in answers:
        for name, value in headers:
            if _NUMBER.fullmatch(name) and value.isascii() and value.isdecimal() and len(value) <= _LONGEST:
                key = name.lower()
                names.setdefault(key, name)
                sums[key] = sums.get(key, 0) + int(value)
    return [(names[key], str(number)) for key, number in sums.items()]
