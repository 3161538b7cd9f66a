# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/use/scope-meaning.md are true: each row has a test, and each test that names a row has one.

Most are cases of tests/conformance, where the Python decision and HAProxy are held to them. Those of the client, and of
tokens that Keystone refuses, are here.
"""

import argparse
import re

import pytest

from conformance.cases import CASES
from documents import read
from openstackoid.client import plugin
from openstackoid.client.choice import SCOPE_VARIABLE, chosen_scope
from openstackoid.mesh import parse_mesh
from openstackoid.scope import Scope, ScopeError, parse, parse_url_form
from unit.bridge.stage import played, says_json, staged

REFERENCE = read("use/scope-meaning.md", "use/scope-in-requests.md")
ROWS = re.findall(r"^\| ([A-Z]\d+) \|", REFERENCE, re.MULTILINE)
FORMS = re.findall(r"^\| `([^`]*)` \| `(column [^`]*)` \|$", REFERENCE, re.MULTILINE)
HERE = {"C1", "C2", "C3", "C4", "C5", "T13"}
OPTION, VARIABLE, ENTRY = '{"image":"CloudTwo"}', '{"network":"CloudTwo"}', {"compute": "CloudTwo"}


def test_no_row_stands_twice() -> None:
    assert len(ROWS) == len(set(ROWS)) > 40


def test_every_row_has_a_test_and_every_test_its_row() -> None:
    assert {row for case in CASES for row in case.rows} | HERE == set(ROWS)


@pytest.mark.parametrize(
    ("row", "option", "variable", "chosen"),
    [
        ("C1", OPTION, VARIABLE, parse(OPTION)),
        ("C2", None, VARIABLE, parse(VARIABLE)),
        ("C3", None, None, Scope.of(ENTRY)),
        ("C4", "none", VARIABLE, None),
        ("C4", "none", None, None),
    ],
)
def test_one_place_is_the_whole_scope(
    row: str, option: str | None, variable: str | None, chosen: Scope | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SCOPE_VARIABLE, raising=False)
    if variable is not None:
        monkeypatch.setenv(SCOPE_VARIABLE, variable)
    parser = plugin.build_option_parser(argparse.ArgumentParser())
    options = parser.parse_args([] if option is None else ["--os-scope", option])
    assert chosen_scope({"scope": options.scope}, {"scope": ENTRY}, "CloudOne") == chosen, row


def test_a_malformed_option_ends_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Row C5."""
    monkeypatch.setenv(SCOPE_VARIABLE, VARIABLE)
    with pytest.raises(SystemExit) as ended:
        plugin.build_option_parser(argparse.ArgumentParser()).parse_args(["--os-scope", '{"image"}'])
    assert ended.value.code == 2
    assert "--os-scope, column 9: ':' is expected" in capsys.readouterr().err


@pytest.mark.parametrize("issuer", ["CloudOne", "CloudTwo"])
@played
async def test_an_expired_token_is_refused_by_its_issuer(issuer: str) -> None:
    """Row T13. As its own credential it gets 401; a service that validates a user's token says 401 when it is told 404."""
    expired = says_json({"error": {"code": 401}}, status="401 Unauthorized")
    unknown = says_json({"error": {"code": 404}}, status="404 Not Found")
    token = f'usr!SCOPE!{{"*":"{issuer}"}}'
    async with staged(here=unknown, there=expired) as stage:
        validated = await stage.ask("GET", "/identity/v3/auth/tokens", "X-Auth-Token: glance", f"X-Subject-Token: {token}")
        assert validated.status == 404
        stage.here.script = expired
        asked = await stage.ask("GET", "/identity/v3/projects", f"X-Auth-Token: {token}")
        assert asked.status == 401
        visits = stage.here.visits if issuer == "CloudOne" else stage.there.visits
    assert len(visits) == 2


@pytest.mark.parametrize(("form", "message"), FORMS)
def test_a_malformed_form_in_a_url_gets_these_words(form: str, message: str) -> None:
    service = "services: {image: {frontend: 'http://%s'}}"
    mesh = parse_mesh(f"mesh: 1\nclouds:\n  CloudOne: {{{service % 'one'}}}\n  CloudTwo: {{{service % 'two'}}}\n")
    with pytest.raises(ScopeError) as raised:
        parse_url_form(form, services=mesh.services, clouds=mesh.clouds, offers=mesh.offers)
    assert str(raised.value).startswith(message.replace("\\|", "|"))


def test_the_forms_that_are_shown() -> None:
    assert len(FORMS) == 15
    shown = re.search(r"http://10\.0\.1\.10/identity/scope/(\S+)/v3", REFERENCE)
    assert shown is not None
    assert parse_url_form(shown[1]) == parse('{"image":"CloudTwo","compute":"CloudOne"}')
