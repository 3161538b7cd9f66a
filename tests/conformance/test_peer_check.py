# SPDX-License-Identifier: Apache-2.0
"""`openstackoid peer`: two operators introduce their clouds, and try the way between their real gateways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from conformance.secure import FALSE, REAL, Secure, secure_world
from openstackoid.cli import main
from openstackoid.mesh.load import load_mesh
from openstackoid.routing.wire_version import SPOKEN


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with secure_world(tmp_path_factory.mktemp("certificates")) as secure:
        yield secure


def described(world: Secure, file: Path, *clouds: str) -> Path:
    """Write a description of these clouds alone."""
    document = yaml.safe_load(world.text)
    chosen = {name: document["clouds"][name] for name in clouds}
    file.write_text(yaml.safe_dump({"mesh": 1, "clouds": chosen}, sort_keys=False), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def mesh(world: Secure, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(described(world, tmp_path_factory.mktemp("mesh") / "mesh.yaml", *REAL, *FALSE))


def test_the_way_to_a_peer_and_back_is_tried(world: Secure, mesh: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["peer", "check", "--config", mesh, "--cloud", "CloudOne", "CloudTwo"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"OK: the gateway of CloudTwo answers at https://127.0.0.1:{world.gates['CloudTwo']}",
        f"OK: the gateway of CloudTwo speaks wire version {SPOKEN}",
        "OK: CloudTwo reaches the gateway of CloudOne",
    ]


@pytest.mark.parametrize("cloud", FALSE)
def test_a_peer_that_is_not_itself_is_told_apart(
    world: Secure, mesh: str, capsys: pytest.CaptureFixture[str], cloud: str
) -> None:
    origin = world.mesh.clouds[cloud].endpoints[0].frontend.origin()
    assert main(["peer", "check", "--config", mesh, "--cloud", "CloudOne", cloud]) == 1
    why = FALSE[cloud].format(authority=world.certificates.authority)
    failed, todo = capsys.readouterr().out.splitlines()
    assert failed == f"FAILED: the gateway of {cloud} at {origin}: {why}"
    assert todo.startswith("  do: does it run, is its port open from here")


def test_a_gateway_that_a_peer_does_not_know_is_told_to_introduce_itself(
    world: Secure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody has a certificate of the mesh, and is in no description of CloudTwo's."""
    text = world.text.replace("CloudOne.pem", "Nobody.pem").replace("  CloudOne:", "  Nobody:").replace("[CloudOne,", "[Nobody,")
    (tmp_path / "mesh.yaml").write_text(text, encoding="utf-8")
    assert main(["peer", "check", "--config", str(tmp_path / "mesh.yaml"), "--cloud", "Nobody", "CloudTwo"]) == 1
    *_, failed, todo = capsys.readouterr().out.splitlines()
    assert failed.startswith("FAILED: ")
    assert "CloudTwo" in failed
    assert todo.startswith("  do: ")


@pytest.mark.parametrize("folder", [False, True])
def test_two_operators_introduce_their_clouds_and_their_gateways_work(
    world: Secure, tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: bool
) -> None:
    theirs = described(world, tmp_path / "theirs.yaml", "CloudTwo")
    (tmp_path / "ours").mkdir()
    file = described(world, tmp_path / "ours" / "mesh.yaml", "CloudOne")
    ours = file.parent if folder else file
    assert main(["peer", "export", "--config", str(theirs), "--cloud", "CloudTwo", "--output", str(tmp_path / "two.peer")]) == 0
    assert main(["peer", "add", "--config", str(ours), "--cloud", "CloudOne", str(tmp_path / "two.peer")]) == 0
    peer = load_mesh(ours).clouds["CloudTwo"]
    assert {endpoint.service: endpoint.frontend for endpoint in peer.endpoints} == {
        endpoint.service: endpoint.frontend for endpoint in world.mesh.clouds["CloudTwo"].endpoints
    }
    capsys.readouterr()
    assert main(["peer", "check", "--config", str(ours), "--cloud", "CloudOne"]) == 0
    assert "OK: CloudTwo reaches the gateway of CloudOne" in capsys.readouterr().out
    assert main(["peer", "add", "--config", str(ours), "--cloud", "CloudOne", str(tmp_path / "two.peer")]) == 1
    assert "describes CloudTwo already" in capsys.readouterr().err
