# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/operate/kolla.md between `discover` and Kolla-Ansible, without Kolla-Ansible and real services."""

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from kolla import page
from openstackoid.binding import load_keys
from openstackoid.certs import issue
from openstackoid.cli import main
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.mesh import parse_mesh

ROOT = Path(__file__).parents[3]
HEADING = "3. Certificate, peers, policy"
SEVERAL = "With two or three load balancers"
HOSTS = {"internal": "internal.one.example", "public": "api.one.example"}


def service(port: int, **hosts: str) -> dict[str, Any]:
    frontends = {interface: f"https://{host}:{port}" for interface, host in hosts.items()}
    return {"frontend": frontends, "backend": dict.fromkeys(frontends, f"http://10.20.0.11:{port}")}


def describe(folder: Path, name: str, **hosts: str) -> Path:
    """Write a description as `discover` and step 2 make it."""
    tls = {"certificate": f"{folder}/{name}.pem", "authority": f"{folder}/authority.pem"}
    cloud = {
        "gateway": {"bind": "127.0.0.1", "tls": tls},
        "services": {"identity": service(5000, **hosts), "image": service(9292, **hosts)},
    }
    file = folder / "mesh.yaml"
    file.write_text(yaml.safe_dump({"mesh": 1, "clouds": {name: cloud}}, sort_keys=False))
    return file


def run(words: list[str]) -> int:
    return main(words[1:])


def test_the_commands_give_a_gateway_that_its_peer_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    etc, there = tmp_path / "etc", tmp_path / "there"
    for folder in (etc, there):
        folder.mkdir()
    monkeypatch.chdir(tmp_path)
    mesh = describe(etc, "CloudOne", **HOSTS)

    def typed(line: str) -> list[str]:
        return shlex.split(
            line.replace("/etc/openstackoid", str(etc)).replace("--haproxy system", f"--haproxy {find_haproxy().path}")
        )

    certificates, rest = page.commands(HEADING)[:3], page.commands(HEADING)[3:]
    for line in certificates[:2]:
        assert run(typed(line)) == 0
    for name in ("authority.pem", "CloudOne.pem"):
        assert f"mesh-authority/{name}" in typed(certificates[2])
        shutil.copy(f"mesh-authority/{name}", etc)
    # The peer's operator does the same.
    for file in (etc / "authority.pem", issue(Path("mesh-authority"), "CloudTwo", ["api.two.example"])):
        shutil.copy(file, there)
    theirs = describe(there, "CloudTwo", public="api.two.example")
    export = ["peer", "export", "--config", str(theirs), "--cloud", "CloudTwo", "--output", "CloudTwo.peer"]
    assert main(export) == 0
    commands = [typed(line) for line in rest if line.startswith("openstackoid ")]
    assert [words[1:3] for words in commands] == [["peer", "export"], ["peer", "add"], ["policy", "check"], ["gateway", "check"]]
    for words in commands[:2]:
        assert run(words) == 0
    assert main(["peer", "add", "--config", str(theirs), "--cloud", "CloudTwo", "CloudOne.peer"]) == 0
    (policy,) = page.additions(HEADING)
    assert run(commands[2]) == 1
    description = yaml.safe_load(mesh.read_text())
    description["clouds"]["CloudOne"] |= policy
    mesh.write_text(yaml.safe_dump(description, sort_keys=False))
    for words in commands[2:]:
        assert run(words) == 0


def test_the_page_shows_what_discover_warns_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = "http-request deny if { path -i -m beg /server-status }"
    front = f"frontend cinder_api_external_front\n mode http\n {hidden}\n bind 10.20.0.251:8776\n default_backend b\n"
    (tmp_path / "haproxy.cfg").write_text(f"{front}backend b\n server a 10.20.0.11:8776\n")
    (tmp_path / "endpoints.json").write_text(
        '[{"Service Type": "block-storage", "Interface": "public", "URL": "http://10.20.0.251:8776", "Region": "RegionOne"}]'
    )
    words = ["--name", "CloudOne", "--endpoints", f"{tmp_path}/endpoints.json", "--haproxy", str(tmp_path)]
    assert main(["discover", *words, "--output", f"{tmp_path}/mesh.yaml"]) == 0
    warned, count = capsys.readouterr().err.splitlines()
    shown = {line.partition(" (")[0] for line in page.warnings()}
    assert (
        warned.partition(" (")[0].replace("block-storage,", "block-storage, compute, identity, image, network, placement,")
        in shown
    )
    assert any(
        line.startswith("not carried over from HAProxy: ") and line.endswith(count.partition(";")[2]) for line in page.warnings()
    )


def test_several_load_balancers_get_keys_a_store_and_the_right_to_hold_connections(tmp_path: Path) -> None:
    keys, *_ = [line for line in page.commands(SEVERAL) if line.startswith("openstackoid ")]
    assert run(shlex.split(keys.replace("/etc/openstackoid", str(tmp_path)))) == 0
    (settings,) = page.additions(SEVERAL)
    text = describe(tmp_path, "CloudOne", **HOSTS).read_text(encoding="utf-8")
    description = yaml.safe_load(text)
    description["clouds"]["CloudOne"]["gateway"] |= settings["gateway"]
    cloud = parse_mesh(yaml.safe_dump(description), "mesh.yaml").clouds["CloudOne"]
    assert cloud.drain.hold > 0
    assert cloud.bound_tokens.keys is not None
    assert load_keys(Path(cloud.bound_tokens.keys.replace("/etc/openstackoid", str(tmp_path)))).primary
    assert cloud.store is not None
    typed = [line for line in page.commands(SEVERAL) if line.startswith("install ")]
    assert [line.split()[-1] for line in typed if "/dev/stdin" in line] == [cloud.store.password]
    (right,) = (shlex.split(line) for line in typed if "/dev/stdin" not in line)
    assert "AmbientCapabilities=CAP_NET_ADMIN" in (ROOT / "deploy/systemd" / right[-2]).read_text(encoding="utf-8")
    assert right[-1] in (ROOT / "deploy/collection/roles/pair/tasks/main.yml").read_text(encoding="utf-8")


def test_the_page_asks_the_health_of_the_address_that_it_adds() -> None:
    _, identity = page.additions("2. Describe the cloud")
    health = page.commands(SEVERAL)[-1]
    assert f"{identity['identity']['frontend']['admin']}/.openstackoid/health" in health


def test_horizon_can_stand_in_the_description_of_a_cloud_with_one_external_frontend(tmp_path: Path) -> None:
    mesh = describe(tmp_path, "CloudOne", **HOSTS)
    description = yaml.safe_load(mesh.read_text())
    (added,) = page.additions(page.SINGLE)
    description["clouds"]["CloudOne"]["services"] |= added
    parsed = parse_mesh(yaml.safe_dump(description), "mesh.yaml")
    assert "dashboard" in parsed.clouds["CloudOne"].services
    certificate, role = page.commands(page.SINGLE)
    assert "--host horizon.one.example" in certificate
    assert "openstackoid_kolla_single_external_frontend=true" in role
