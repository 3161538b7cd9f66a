# SPDX-License-Identifier: Apache-2.0
"""Imports point one way, the pure packages stay pure, and modules and classes stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import openstackoid

SOURCE = Path(openstackoid.__file__).parent
ROOT = SOURCE.parents[1]
MAY_IMPORT = {
    "redaction": set(),
    "scope": set(),
    "policy": set(),
    "mesh": {"scope", "policy"},
    "composition": {"scope", "mesh"},
    "discovery": {"scope", "mesh"},
    "routing": {"scope", "policy", "mesh", "composition"},
    "haproxy": {"scope", "policy", "mesh", "routing"},
    "tls": set(),
    "binding": {"scope"},
    "store": set(),
    "telemetry": set(),
    "bridge": {"scope", "policy", "mesh", "routing", "composition", "haproxy", "tls", "binding", "store", "telemetry"},
    "gateway": {"scope", "policy", "mesh", "routing", "haproxy", "bridge", "tls", "binding", "telemetry"},
    "client": {"scope"},
    "certs": {"scope"},
    "horizon": {"scope", "mesh"},
    "console": {"scope", "policy", "mesh", "routing", "bridge", "gateway", "client", "horizon", "peering", "tls", "telemetry"},
    "peering": {"scope", "mesh", "discovery", "routing", "tls", "telemetry"},
}
SHARED = {
    "scope": {"base64url"},
    "routing": {"base64url"},
    "mesh": {"private"},
    "composition": {"base64url"},
    "binding": {"private", "base64url"},
    "gateway": {"process_identity", "parent_death_signal", "private", "service_manager"},
    "bridge": {"private", "parent_death_signal", "service_manager", "base64url"},
    "certs": {"private"},
    "console": {"service_manager"},
}
BRIDGE_MAY_IMPORT = {
    "message": set(),
    "audit": {"message"},
    "upstream": {"message"},
    "trace": {"message", "upstream"},
    "identity": {"message", "audit", "upstream"},
    "binding": {"message", "upstream", "identity"},
    "proxy": {"message", "audit", "upstream", "identity", "binding"},
    "pages": {"message", "upstream", "trace", "identity", "binding"},
    "telemetry": {"message", "audit", "proxy"},
    "http": {"message", "audit", "upstream", "trace", "identity", "binding", "proxy", "pages", "telemetry", "haproxy_log"},
}
BRIDGE_SHARED = {"errors", "log", "resource_index", "workflows"}
PURE = ("scope", "policy", "routing", "composition")
LONGEST_MODULE = 300
MOST_ATTRIBUTES = 7
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


@pytest.mark.parametrize("package", sorted(BRIDGE_MAY_IMPORT))
def test_imports_within_the_bridge_point_one_way(package: str) -> None:
    allowed = BRIDGE_MAY_IMPORT[package] | BRIDGE_SHARED | {package}
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path, name in imports(f"bridge/{package}")
        if name.startswith("openstackoid.bridge.") and name.split(".")[2] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["src", "tests", "examples", "bench", "scripts", "devstack"])
def test_no_module_is_long(folder: str) -> None:
    """Tests are modules, too."""
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert lines
    assert {str(path.relative_to(ROOT)): length for path, length in lines.items() if length > LONGEST_MODULE} == {}


def attributes(holder: ast.ClassDef) -> set[str]:
    """Return the attributes that a class has: those that its methods set on ``self``, and the fields of a dataclass."""
    fields = {node.target.id for node in holder.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    stored = (node for node in ast.walk(holder) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return fields | {node.attr for node in stored if isinstance(node.value, ast.Name) and node.value.id == "self"}


def is_record(holder: ast.ClassDef) -> bool:
    """Return whether a class is a frozen dataclass: a plain record, which may have as many fields as its subject."""
    return any("dataclass(frozen=True" in ast.unparse(decorator) for decorator in holder.decorator_list)


@pytest.mark.parametrize("package", ["bridge", "routing"])
def test_no_class_knows_much(package: str) -> None:
    classes = {
        f"{path.relative_to(SOURCE)} {node.name}": attributes(node)
        for path in sorted((SOURCE / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not is_record(node)
    }
    assert classes
    assert {name: sorted(known) for name, known in classes.items() if len(known) > MOST_ATTRIBUTES} == {}


def test_every_package_is_on_the_map() -> None:
    page = (SOURCE.parent.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [str(path.parent.relative_to(SOURCE)) for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE]
    mapped = [name for name in packages if name.count("/") == 0 or name.startswith("bridge/")]
    assert [name for name in mapped if f"`src/openstackoid/{name}/`" not in page] == []
