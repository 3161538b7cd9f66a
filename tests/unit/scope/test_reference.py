# SPDX-License-Identifier: Apache-2.0
"""The pages of scopes match the code: each example is run, and each error of the parser is there."""

import ast
import inspect
import re

import pytest

from documents import read
from openstackoid.client.choice import Choice
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.scope import expression_parser, parse, parser

REFERENCE = read("use/scope.md", "use/scope-in-requests.md", "use/scope-errors.md", "use/compound.md")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", REFERENCE, re.MULTILINE | re.DOTALL)
ERRORS = [text.rstrip("\n").split("\n") for kind, text in BLOCKS if kind == "text" and text.startswith("openstack: ")]
CLOUDS = ("CloudOne", "CloudTwo")
REPORTING = {"ScopeError", "_fail", "_unexpected", "_string", "_expected", "fail"}
CUT = '{"identity": "CloudOne", "compute": "CloudOne", "network": "CloudOne", "image": "CloudThree", "placement": "CloudOne"}'


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "json"])
def test_an_example_is_accepted(text: str) -> None:
    assert parse(text, clouds=CLOUDS)


@pytest.mark.parametrize(("message", "shown", "carets"), ERRORS)
def test_an_error_has_its_words_and_its_carets(message: str, shown: str, carets: str) -> None:
    with pytest.raises(ScopeRefusedError) as raised:
        Choice(CUT if shown.startswith("...") else shown).scope(clouds=CLOUDS)
    # How many names there are is the service types authority's to say.
    expected, found = (re.sub(r"\d+ are known", "N are known", text) for text in (message, f"openstack: {raised.value}"))
    assert found.split("\n") == [expected, shown, carets]


def test_the_documented_forms_of_the_examples_are_correct() -> None:
    assert parse('{"glance": "CloudTwo", "volumev3": "CloudOne"}').to_header() in REFERENCE
    assert parse('{"image":"CloudTwo"}').completed("CloudOne").to_header() in REFERENCE


def test_no_error_of_the_parser_is_missing() -> None:
    said = re.sub(r"\s+", " ", REFERENCE)
    reasons = [
        max((part.value for part in ast.walk(node) if isinstance(part, ast.Constant)), key=lambda text: len(str(text)))
        for module in (parser, expression_parser)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in REPORTING
        for node in node.args[:1]
        if isinstance(node, ast.Constant | ast.JoinedStr)
    ]
    assert len(reasons) > 12
    assert [reason for reason in reasons if str(reason).strip() not in said] == []
