# SPDX-License-Identifier: Apache-2.0
"""``openstackoid gateway render`` and ``check`` as they are typed."""

import stat
from pathlib import Path

import pytest

from openstackoid.cli import main
from unit.gateway.running import description


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    path = tmp_path / "mesh.yaml"
    path.write_text(description(8801, 9001))
    return path


def test_render_shows_every_file(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    assert main(["gateway", "render", "--cloud", "CloudOne", "--config", str(mesh), "--state-dir", str(state)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# ===== haproxy.cfg =====\n")
    assert "\n# ===== endpoints.map =====\n" in shown
    assert f"server bridge unix@{state}/bridge.sock" in shown
    assert not state.exists()


def test_render_writes_what_check_accepts(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "gateway"
    assert main(["gateway", "render", "--cloud", "CloudOne", "--config", str(mesh), "--output", str(output)]) == 0
    names = sorted(path.name for path in output.iterdir())
    assert "haproxy.cfg" in names
    assert capsys.readouterr().out == f"{len(names)} files written to {output}\n"
    assert {stat.S_IMODE(path.stat().st_mode) for path in output.iterdir()} == {0o600}
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 0
    checked = capsys.readouterr()
    assert checked.out.startswith("OK: HAProxy 2.")
    assert checked.out.endswith(" accepts the gateway of CloudOne\n")
    assert (checked.out.count("\n"), checked.err) == (1, "")


@pytest.mark.parametrize("command", ["render", "check"])
def test_a_cloud_that_is_not_there(command: str, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", command, "--cloud", "CloudSix", "--config", str(mesh)]) == 1
    assert capsys.readouterr().err == "openstackoid: the mesh has no cloud 'CloudSix'; known: CloudOne, CloudTwo\n"


def test_an_endpoint_without_a_backend(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", "check", "--cloud", "CloudTwo", "--config", str(mesh)]) == 1
    assert "clouds.CloudTwo.services.image.backend" in capsys.readouterr().err


def test_a_description_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none.yaml"
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(path)]) == 1
    assert capsys.readouterr().err == f"openstackoid: {path}: cannot read the mesh description: No such file or directory\n"


def test_check_looks_into_the_reader_accounts_and_render_does_not(
    mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readers = tmp_path / "readers.yaml"
    mesh.write_text(mesh.read_text().replace("CloudOne:\n", f"CloudOne:\n    gateway: {{readers: {readers}}}\n"))
    readers.write_text("clouds: {}")
    readers.chmod(0o644)
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 1
    assert (
        capsys.readouterr().err == f"openstackoid: {readers}: others can look into this file of passwords; chmod 600 {readers}\n"
    )
    assert main(["gateway", "render", "--cloud", "CloudOne", "--config", str(mesh)]) == 0


def test_haproxys_own_complaint(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strict = tmp_path / "haproxy"
    strict.write_text(
        '#!/bin/sh\n[ "$1" = -v ] && echo "HAProxy version 2.6.0" && exit\necho "[ALERT] (7) : config : no" >&2\nexit 1\n'
    )
    strict.chmod(0o755)
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh), "--haproxy", str(strict)]) == 1
    assert capsys.readouterr().err == "openstackoid: HAProxy refuses the configuration:\n  config : no\n"
