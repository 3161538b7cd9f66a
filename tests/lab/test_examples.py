# SPDX-License-Identifier: Apache-2.0
"""The examples, as a member and as an administrator, with each outcome as the documents have it.

As an administrator, without those that would be the same: of users whose role is given, and requests that a gateway refuses by a
rule, which does not ask for a role.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.people import people
from examples.scopes import EXAMPLES, table
from examples.third_cloud import THIRD
from lab.roles import examples_for


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ["member", "admin"])
def test_examples(role: str, examples_of: Callable[[str], list[str]]) -> None:
    assert examples_of(role) == [example.name for example in examples_for(role)]


def test_the_page_has_them_all(lab: Any, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "use" / "examples.md").read_text(encoding="utf-8")
    cast = people("member", tmp_path)
    assert table(EXAMPLES, cast) in page
    assert table(THIRD, cast) in page
