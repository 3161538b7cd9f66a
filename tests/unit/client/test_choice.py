# SPDX-License-Identifier: Apache-2.0
"""A scope in openstacksdk's configuration, before its use."""

import copy
import json
import pickle
import re
from pathlib import Path

import pytest
import yaml

from openstackoid.client.choice import SCOPE_VARIABLE, Choice, chosen_scope
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.errors import OpenstackoidError
from openstackoid.scope import parse

TEXT = '{"image": "CloudTwo"}'


def test_a_choice_survives_format_copy_and_pickle() -> None:
    choice = Choice(TEXT, SCOPE_VARIABLE)
    for same in (choice.format(image="no"), copy.deepcopy(choice), copy.copy(choice), pickle.loads(pickle.dumps(choice))):
        assert (same, same.source) == (TEXT, SCOPE_VARIABLE)
    assert json.loads(json.dumps({"scope": choice})) == {"scope": TEXT}
    assert type(choice.to_dict()) is str


@pytest.mark.parametrize("text", ["none", " none\n"])
def test_none_is_no_scope(text: str) -> None:
    assert Choice(text).scope() is None
    assert chosen_scope({"scope": Choice(text)}, {"scope": {"image": "CloudTwo"}}, "CloudOne") is None


def test_a_refusal_is_ours_and_openstacksdks_error() -> None:
    with pytest.raises(ScopeRefusedError) as raised:
        Choice("{", "here").scope()
    assert isinstance(raised.value, OpenstackoidError)
    assert str(raised.value).splitlines()[1:] == ["{", " ^"]


@pytest.mark.parametrize(
    ("environment", "entry", "known"),
    [(None, None, None), (" , ", None, None), ("A, B", ["C"], "A, B"), ("", ["C"], "C"), (None, "C,D", "C, D"), (None, [], None)],
)
def test_the_environment_names_the_clouds_before_the_entry_does(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, entry: object, known: str | None
) -> None:
    monkeypatch.delenv("OPENSTACKOID_CLOUDS", raising=False)
    if environment is not None:
        monkeypatch.setenv("OPENSTACKOID_CLOUDS", environment)
    config = {"scope": Choice(TEXT), "scope_clouds": entry}
    if known is None:
        assert chosen_scope(config, {}, "CloudOne") == parse(TEXT)
        return
    with pytest.raises(ScopeRefusedError, match=f"unknown cloud 'CloudTwo'; known: {known}\n"):
        chosen_scope(config, {}, "CloudOne")


def test_the_entries_that_the_documentation_shows_are_right() -> None:
    pages = Path(__file__).parents[3] / "docs" / "use" / "clients"
    text = "".join((pages / name).read_text() for name in ("openstack.md", "openstacksdk.md"))
    entries = [yaml.safe_load(block)["clouds"]["CloudOne"] for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    assert [dict(chosen_scope(entry, {}, "CloudOne") or {}) for entry in entries] == [
        {"image": "CloudTwo", "*": "CloudOne"},
        {"image": "CloudTwo"},
        {},
    ]
