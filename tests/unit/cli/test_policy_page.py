# SPDX-License-Identifier: Apache-2.0
"""The pages of policies, docs/operate/policy*.md, match the command and the code."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from documents import read
from openstackoid.cli import main
from openstackoid.mesh.policy_schema import BudgetSchema, ConditionSchema, MappingRuleSchema, PeerSchema, PolicySchema
from openstackoid.policy import METHODS, Policy

PAGE = read("operate/policy.md", "operate/policy-keys.md", "operate/policy-users.md", "operate/policy-recipes.md")
EXAMPLE, *_ = re.findall(r"```yaml\n(mesh: .*?)```", PAGE, re.DOTALL)
SHOWN = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's mesh.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mesh.yaml").write_text(EXAMPLE)
    return tmp_path


class TestThePage:
    @pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
    def test_the_page_shows_the_output_of_its_commands(
        self, command: str, output: str, desk: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(shlex.split(command)[1:]) == ("outcome  refused" in output)
        assert capsys.readouterr() == (output, "")

    @pytest.mark.parametrize(
        ("key_of", "schemas"),
        [
            ("`policy`", [PolicySchema]),
            ("a peer", [PeerSchema]),
            ("`budget`", [BudgetSchema]),
            ("`people`", [MappingRuleSchema]),
            ("`users` and `projects`", [ConditionSchema]),
        ],
    )
    def test_the_page_names_exactly_the_keys(self, key_of: str, schemas: list[Any]) -> None:
        table = PAGE[PAGE.index(f"| key of {key_of} |") :].split("\n\n", 1)[0]
        assert re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE) == [
            key for schema in schemas for key in schema.model_fields
        ]

    def test_the_page_names_every_option(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main(["policy", "check", "--help"])
        options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
        rows = re.findall(r"^\| ((?:`--[a-z-]+`(?:, )?)+) \|", PAGE, re.MULTILINE)
        assert options == {option for row in rows for option in re.findall(r"--[a-z-]+", row)}

    def test_the_figures_are_those_of_the_code(self) -> None:
        assert Policy().seconds == 60
        assert "| `seconds` | 60 |" in PAGE
        assert ", ".join(f"`{method}`" for method in METHODS) == "`GET`, `HEAD`, `OPTIONS`, `POST`, `PUT`, `PATCH`, `DELETE`"
        assert "`GET`, `HEAD`, `OPTIONS`, `POST`, `PUT`, `PATCH`, `DELETE` | that method" in PAGE
        assert MappingRuleSchema.model_fields["project"].default == "apart"
