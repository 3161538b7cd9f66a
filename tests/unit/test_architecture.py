# SPDX-License-Identifier: Apache-2.0
"""Imports point one way, and the pure packages stay pure."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import openstackoid

SOURCE = Path(openstackoid.__file__).parent
MAY_IMPORT = {
    "redaction": set(),
    "scope": set(),
    "policy": set(),
    "mesh": {"scope", "policy"},
    "routing": {"scope", "policy", "mesh"},
    "haproxy": {"scope", "policy", "mesh", "routing"},
    "tls": set(),
    "store": set(),
    "bridge": {"scope", "policy", "mesh", "routing", "haproxy", "tls", "store"},
    "gateway": {"scope", "policy", "mesh", "routing", "haproxy", "bridge", "tls"},
    "client": {"scope"},
    "certs": {"scope"},
}
SHARED = {"mesh": {"private"}, "gateway": {"process_identity", "private"}, "bridge": {"private"}, "certs": {"private"}}
PURE = ("scope", "policy", "routing")
INPUT_AND_OUTPUT = {"asyncio", "socket", "subprocess", "os", "pathlib", "time", "datetime", "aiohttp", "requests", "logging"}


def imports(package: str) -> Iterator[tuple[Path, str]]:
    for path in sorted((SOURCE / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_point_one_way(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package, "errors", "redaction"} | SHARED.get(package, set())
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path, name in imports(package)
        if name.startswith("openstackoid.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PURE)
def test_the_decision_core_does_no_input_or_output(package: str) -> None:
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}" for path, name in imports(package) if name.split(".")[0] in INPUT_AND_OUTPUT
    ]
    assert wrong == []


def test_every_package_is_on_the_map() -> None:
    page = (SOURCE.parent.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in SOURCE.glob("*/__init__.py")]
    assert [name for name in packages if f"`src/openstackoid/{name}/`" not in page] == []
