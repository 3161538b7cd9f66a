# SPDX-License-Identifier: Apache-2.0
"""Variables of the user's shell affect no test: not `make`, not pytest, not the programs that tests start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import environment
import programs
from openstackoid.errors import OpenstackoidError

ROOT = Path(__file__).parents[2]
ASTRAY = {
    "OS_CLOUD": "elsewhere",
    "OS_AUTH_URL": "http://127.0.0.1:9/",
    "OS_SCOPE": '{"image": "Nowhere"}',
    "PYTHONPATH": "/nowhere",
    "PYTHONOPTIMIZE": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "error",
    "PYTEST_ADDOPTS": "--no-such-option",
    "PIP_TARGET": "/nowhere",
    "GIT_DIR": "/nowhere",
}
PROXIES = {"http_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "no_proxy": "example.org"}


def test_make_passes_no_misleading_variable_on() -> None:
    command = ["make", "--no-print-directory", "--eval", "shown: ; @env", "shown"]
    kept = {**PROXIES, "PIP_INDEX_URL": "https://example.org/simple", "XDG_STATE_HOME": "/elsewhere"}
    given = {"PATH": os.environ["PATH"], **ASTRAY, **kept}
    shown = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True, timeout=60).stdout
    names = {line.partition("=")[0] for line in shown.splitlines()}
    assert names & set(ASTRAY) == set()
    assert names >= set(kept), "pip may need these, and the user chooses where the lab is"
    spared = {line for line in shown.splitlines() if line.lower().startswith("no_proxy=")}
    assert spared == {f"{name}=127.0.0.1,localhost,example.org" for name in ("no_proxy", "NO_PROXY")}


def test_tests_run_without_misleading_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "FOR_DOWNLOADS", {})
    kept = {"PATH": "/bin", "XDG_STATE_HOME": "/elsewhere", "TMPDIR": "/short", "OPENSTACKOID_TEST_HAPROXY": "system"}
    downloads = {**PROXIES, "XDG_CONFIG_HOME": "/config"}
    given = {**ASTRAY, **kept, **downloads, "OPENSTACKOID_SCOPE": "x", "OPENSTACKOID_LAB": "mine", "MAKEFLAGS": "-j4"}
    environment.clean(given)
    assert given == kept
    assert downloads == environment.FOR_DOWNLOADS
    given["TMPDIR"] = "/a/folder/whose/path/leaves/no/room/for/sockets"
    environment.clean(given)
    assert "TMPDIR" not in given


def test_no_test_sees_misleading_variables() -> None:
    probe = "import os, conftest; print(sorted(os.environ))"
    given = {**os.environ, **ASTRAY, **PROXIES, "PYTHONPATH": str(ROOT / "tests"), "PYTHONWARNINGS": "", "PYTHONSAFEPATH": ""}
    done = subprocess.run([sys.executable, "-c", probe], env=given, capture_output=True, text=True, check=True, timeout=60)
    for name in [*ASTRAY, *PROXIES]:
        assert f"'{name}'" not in done.stdout


def test_missing_programs_of_tests_are_installed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    installed: list[list[str]] = []
    monkeypatch.setattr(programs, "PATH", "/nowhere")
    monkeypatch.setattr(programs, "check_installable", lambda missing: None)
    monkeypatch.setattr(programs, "install_packages", lambda missing, log: installed.append(missing))
    assert programs.main() == 0
    assert installed == [["curl", "logrotate", "mariadb-client-core", "mariadb-server-core", "openssl", "valgrind", "wrk"]]
    named = "curl, logrotate, mariadb-client-core, mariadb-server-core, openssl, valgrind, wrk"
    assert capsys.readouterr().out == f"== installing Debian's {named}, which tests need\n"


def test_programs_that_are_there_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", {"sh": "dash"})
    monkeypatch.setattr(programs, "check_installable", lambda missing: pytest.fail(f"{missing} are not missing"))
    assert programs.main() == 0


def test_programs_that_cannot_be_installed_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(missing: list[str]) -> None:
        raise OpenstackoidError(f"{' '.join(missing)} must be installed, and sudo does not let this user", hint="as root: ...")

    monkeypatch.setattr(programs, "PROGRAMS", {"no-such-program": "wrk"})
    monkeypatch.setattr(programs, "check_installable", refuse)
    assert programs.main() == 1
    assert capsys.readouterr().err == "make: wrk must be installed, and sudo does not let this user\n  as root: ...\n"
