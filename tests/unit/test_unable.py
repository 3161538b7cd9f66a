# SPDX-License-Identifier: Apache-2.0
"""A suite, or a test, that cannot run on this machine fails, with one line, unless the variable lets it be skipped."""

from pathlib import Path
from types import ModuleType

import pytest

import console.run
import horizon.run
import observe.run
from browser import NoChromiumError
from observe import programs
from openstackoid.errors import OpenstackoidError
from unable import MAY_SKIP, cannot_run


def no_chromium(*_: object) -> None:
    raise NoChromiumError("no package chromium")


@pytest.mark.parametrize(("suite", "name"), [(console.run, "install_chromium"), (horizon.run, "_install")])
@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        (
            "",
            1,
            "{} cannot run: this machine lacks Debian's chromium, which cannot be installed: no package chromium ({}=1 skips it)",
        ),
        ("1", 0, "{} is skipped: this machine lacks Debian's chromium, which cannot be installed: no package chromium"),
    ],
)
def test_without_chromium(
    suite: ModuleType,
    name: str,
    value: str,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(MAY_SKIP, value)
    monkeypatch.setattr(suite, name, no_chromium)
    assert suite.main() == code
    target = f"{suite.__name__.partition('.')[0]}-test"
    assert capsys.readouterr().err == f"make: {said.format(target, MAY_SKIP)}\n"


@pytest.mark.parametrize("target", ["observe-test", "faults-test"])
@pytest.mark.parametrize(
    ("value", "code", "said"), [("", 1, f"cannot run: {{}} ({MAY_SKIP}=1 skips it)"), ("1", 0, "is skipped: {}")]
)
def test_without_prometheus(
    target: str,
    value: str,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_packages(*_: object) -> None:
        raise OpenstackoidError("no package prometheus")

    monkeypatch.setenv(MAY_SKIP, value)
    monkeypatch.setattr(programs, "FOLDER", tmp_path)
    monkeypatch.setattr(programs, "PACKAGES", {"prometheus": (tmp_path / "prometheus",)})
    monkeypatch.setattr(programs, "run_apt", no_packages)
    assert observe.run.main(target, ["tests/nowhere"]) == code
    lacks = "this machine lacks Debian's Prometheus and Alertmanager, which cannot be downloaded: no package prometheus"
    assert capsys.readouterr().err == f"make: {target} {said.format(lacks)}\n"


@pytest.mark.parametrize(("value", "outcome"), [("", pytest.fail.Exception), ("1", pytest.skip.Exception)])
def test_a_test_of_a_suite(value: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MAY_SKIP, value)
    with pytest.raises(outcome, match=f"^it needs root \\({MAY_SKIP}=1 skips it\\)$"):
        cannot_run("it needs root")
