# SPDX-License-Identifier: Apache-2.0
"""docs/use/token-kinds.md has the table that tests/lab/test_token_kinds.py tries on the lab."""

from pathlib import Path

from lab.token_kinds import KINDS, USES, page

PAGE = Path(__file__).parents[2].joinpath("docs", "use", "token-kinds.md").read_text(encoding="utf-8")


def test_the_page_has_the_table_of_the_data() -> None:
    assert f"<!-- table -->\n{page()}<!-- end of the table -->" in PAGE


def test_each_kind_has_a_cell_for_each_use() -> None:
    assert {len(kind.cells) for kind in KINDS} == {len(USES)}
