# SPDX-License-Identifier: Apache-2.0
"""The lab's own promises: it converges, shows its processes, and its files are owner-only."""

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import openstack
import psutil
import pytest
import yaml

from examples.session import BIN, User, lab_status, openstackoid


def pids(status: Any) -> dict[tuple[str, str], int]:
    return {(cloud["name"], service["name"]): service["pid"] for cloud in status["clouds"] for service in cloud["services"]}


def test_everything_is_up_and_says_so(lab: Any) -> None:
    for cloud in lab["clouds"]:
        assert cloud["frontend"].startswith("https://127.0.0.1:")
        names = {service["name"] for service in cloud["services"] if service["state"] == "up"}
        assert {"gateway", "keystone", "glance", "placement", "neutron", "nova-api", "nova-compute"} <= names
        assert {"cinder-api", "cinder-volume", "swift-proxy", "swift-account", "swift-container", "swift-object"} <= names
    assert Path(lab["venv"], "bin", "python").exists()


def test_dead_services_are_started_and_the_rest_left_running(lab: Any, one: User) -> None:
    before = pids(lab_status())
    process = psutil.Process(before["CloudOne", "glance"])
    process.kill()
    process.wait(10)
    assert openstackoid("lab", "up").code == 0
    after = pids(lab_status())
    assert {service for service in before if before[service] != after[service]} == {("CloudOne", "glance")}
    assert one.openstack("image", "list").code == 0


def test_services_and_gateways_are_steps_of_their_own(lab: Any, one: User) -> None:
    for name in ("glance", "gateway"):
        process = psutil.Process(pids(lab_status())["CloudOne", name])
        process.kill()
        process.wait(10)
    before = pids(lab_status())
    for step, name in (("gateways", "gateway"), ("services", "glance")):
        assert openstackoid("lab", "up", "--only", step).code == 0
        after = pids(lab_status())
        started = {service for service, pid in after.items() if pid and pid != before.get(service)}
        assert started == {("CloudOne", name)}
        before = after
    assert one.openstack("image", "list").code == 0


def test_its_files_are_its_owners(lab: Any) -> None:
    folder = Path(lab["state_dir"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("clouds.yaml", "mesh.yaml"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_no_secret_is_in_a_process_title(lab: Any) -> None:
    text = Path(lab["state_dir"], "clouds.yaml").read_text()
    secrets = {line.split()[1].strip("'\"") for line in text.splitlines() if "password:" in line}
    assert secrets
    titles = [" ".join(psutil.Process(pid).cmdline()) for pid in pids(lab_status()).values()]
    assert not [title for title in titles for secret in secrets if secret in title]


def test_env_makes_openstack_a_client_of_the_cloud(lab: Any) -> None:
    script = 'eval "$(openstackoid lab env CloudTwo)" && openstack token issue -f value -c project_id'
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    environment["PATH"] = f"{BIN}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip()) == 32


# openstacksdk warns of its own code.
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_openstacksdk_takes_the_scope_of_clouds_yaml(lab: Any, two: User, tmp_path: Path) -> None:
    """No command line: a scope in the cloud's entry, and the hook that openstacksdk calls."""
    entries = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())
    entries["clouds"]["CloudOne"] |= {"scope": {"image": "CloudTwo"}, "vendor_hook": "openstackoid.client.hook:install"}
    config = tmp_path / "clouds.yaml"
    config.touch(0o600)
    config.write_text(yaml.safe_dump(entries))
    region = openstack.config.OpenStackConfig(config_files=[str(config)], load_envvars=False).get_one("CloudOne")
    with openstack.connection.Connection(config=region) as connection:
        (found,) = connection.image.images(name="cirros")
    assert found.id == two.openstack("image", "show", "cirros", "-f", "json").json()["id"]


def test_an_unknown_cloud_is_answered_with_the_known_ones(lab: Any) -> None:
    done = openstackoid("lab", "env", "CloudTen")
    assert done.code == 1
    assert "CloudTen" in done.stderr
    assert "CloudOne, CloudTwo" in done.stderr
