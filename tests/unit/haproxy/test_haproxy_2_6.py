# SPDX-License-Identifier: Apache-2.0
"""docs/operate/own-haproxy.md tells each difference by which tests of hostile messages may fail with HAProxy 2.6."""

from dataclasses import replace

import pytest

from conformance.haproxies import RELEASES
from conformance.haproxy_2_6 import OF_2_6, difference
from documents import read
from openstackoid.haproxy.binary import find_haproxy

PAGE = read("operate/own-haproxy.md")


@pytest.mark.parametrize("row", OF_2_6)
def test_the_page_has_a_row_for_each_difference(row: str) -> None:
    assert f"\n| {row} |" in PAGE


def test_only_2_6_may_differ() -> None:
    found = find_haproxy()
    for row, tests in OF_2_6.items():
        for test in tests:
            assert difference(f"tests/conformance/{test}", replace(found, version=(2, 6, 12))) == row
            assert difference(f"tests/conformance/{test}", replace(found, version=(2, 8, 25))) is None
    assert difference("tests/conformance/test_cases.py::test_a", replace(found, version=(2, 6, 12))) is None


def test_the_page_names_the_haproxy_of_each_release() -> None:
    assert [version for version in RELEASES.values() if f"| {version} (Debian" not in PAGE] == []
