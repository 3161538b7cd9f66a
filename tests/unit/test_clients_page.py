# SPDX-License-Identifier: Apache-2.0
"""docs/use/clients/tried.md lists each client that `make clients-test` runs, and each of them has a page that says so."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from clients.page import workflow
from clients.tools import PYPI, ROOT, Client

FOLDER = ROOT / "docs/use/clients"
MODULES = sorted((ROOT / "tests/clients").glob("test_*.py"))
ROWS = [line for line in (FOLDER / "tried.md").read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
PINS = dict(line.split("==") for line in (ROOT / "constraints/clients.txt").read_text(encoding="utf-8").splitlines())


def client_of(module: Path) -> Client:
    client: Client = import_module(f"clients.{module.stem}").CLIENT
    return client


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_each_workflow_of_a_client_is_a_row(module: Path) -> None:
    client = client_of(module)
    tests = [node for node in ast.parse(module.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    workflows = [workflow(ast.get_docstring(node) or "") for node in tests if node.name.startswith("test_")]
    rows = [row for row in ROWS if row.startswith(f"| [{client.name}]({client.page}) | ")]
    assert [row.split(" | ")[2] for row in rows] == workflows


def test_no_row_is_about_a_client_that_is_not_tried() -> None:
    names = {client_of(module).name for module in MODULES}
    assert {re.findall(r"\[(.*?)\]", row)[0] for row in ROWS} == names


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_the_page_of_a_client_says_that_it_was_tried(module: Path) -> None:
    page = (FOLDER / client_of(module).page).read_text(encoding="utf-8")
    assert "`make clients-test`" in page
    assert "(tried.md)" in page


def test_a_client_from_pypi_is_pinned_to_the_version_of_the_page() -> None:
    for client in map(client_of, MODULES):
        if client.origin == "PyPI":
            assert client.package in PYPI
            assert all(f"| {PINS[client.package]}, " in row for row in ROWS if row.startswith(f"| [{client.name}]"))
