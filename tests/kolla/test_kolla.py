# SPDX-License-Identifier: Apache-2.0
"""docs/operate/kolla.md, command by command: a gateway takes the place of the API frontends of Kolla-Ansible, and gives it back.

The tests follow each other. `make kolla-test` runs them on a machine of their own.
"""

import random
import subprocess
import uuid
from typing import Any

import pytest
import yaml

from kolla import description, page
from kolla.answers import answers
from kolla.client import FORGED, forge
from kolla.cloud import ONE, PORTS, TWO, Clouds
from kolla.description import MESH
from kolla.environment import changed_files, recorded_files
from kolla.machine import CLIENT, NAMES
from kolla.node import CHECKS, Node
from kolla.operator import Operator
from lab.service_logs import lines

FILES = {f"haproxy/services.d/{name}.cfg" for name in ("keystone", "glance-api", "placement-api", "neutron-server", "nova-api")}
FILES.add("haproxy/services.d/cinder-api.cfg")
"""The files of the frontends that the gateway takes over."""
CHECK = "keepalived/checks/check_alive_openstackoid.sh"
GATEWAY = "openstackoid-gateway@CloudOne"
STEP_5 = "5. Take over"


@pytest.fixture(scope="module")
def files_before(node: Node) -> dict[str, bytes]:
    """The files that Kolla-Ansible renders without a gateway."""
    return node.rendered()


@pytest.fixture(scope="module")
def answers_before(token: str) -> list[object]:
    return answers(token)


@pytest.fixture(scope="module")
def catalog_before(node: Node, clouds: Clouds) -> Any:
    return clouds.openstack(f"{ONE}-admin", "endpoint", "list")


def test_kolla_serves_each_service_at_both_addresses(files_before: dict[str, bytes], answers_before: list[Any]) -> None:
    assert files_before.keys() >= FILES
    assert {status for _, status, _, _ in answers_before} <= {200, 300, 404}
    assert recorded_files() > 500
    assert changed_files() == []


def test_discover_names_the_frontends_and_finds_the_controllers(node: Node, clouds: Clouds, operator: Operator) -> None:
    endpoints, discover, *certificates = page.commands(page.STEP_2)
    operator.type(endpoints, **clouds.user(f"{ONE}-admin"))
    said = operator.type(discover).splitlines()
    assert said[0] == "CloudOne is described in /etc/openstackoid/mesh.yaml"
    assert len(said) == 1 + 2 * len(FILES)
    assert {f"haproxy/{line.rpartition('(')[2].partition(':')[0]}" for line in said[1:]} == FILES
    assert set(page.frontends()) <= set(said)
    services = yaml.safe_load(MESH.read_text(encoding="utf-8"))["clouds"][ONE]["services"]
    # Kolla has HAProxy wait for Glance longer than for others, whose minute is the gateway's own.
    assert {kind: service["timeouts"] for kind, service in services.items() if "timeouts" in service} == {
        "image": {"client": "6h", "server": "6h"}
    }
    text = MESH.read_text(encoding="utf-8")
    assert "# HAProxy's check was `check inter 2000 rise 2 fall 5`" in text
    hidden = "http-request deny if { path -i -m beg /server-status } (services.d/"
    assert text.count(f"# WARNING: others may reach the service, for the gateway does not do this: {hidden}") == len(FILES)
    description.complete(page.STEP_2)
    for command in certificates:
        operator.type(command)


def test_the_clouds_are_introduced_and_the_gateway_can_start(clouds: Clouds, operator: Operator) -> None:
    clouds.introduce(TWO)
    copy, export, add, *checks = page.commands(page.STEP_3)[page.MAKE_CERTIFICATE :]
    operator.type(copy)
    assert f"introduces {ONE}" in operator.type(export)
    assert f"describes {TWO}" in operator.type(add)
    description.complete(page.STEP_3)
    for command in checks:
        operator.type(command)


def test_the_gateway_takes_the_place_of_the_frontends(node: Node, operator: Operator, files_before: dict[str, bytes]) -> None:
    collection, render = page.commands("4. Tell Kolla-Ansible")
    operator.type(collection)
    assert "changed=0 " in operator.type(collection)
    operator.type(render)
    after = node.rendered()
    assert {path for path in after if files_before.get(path) != after[path]} == FILES | {CHECK}
    assert files_before.keys() == after.keys() - {CHECK}
    take_over, _ = page.blocks(STEP_5)
    for command in take_over:
        operator.type(command)
    assert subprocess.run([CHECKS / "check_alive_openstackoid.sh"], check=False).returncode == 0


def test_the_gateway_runs_as_its_user_from_the_page_s_environment_with_the_system_s_haproxy(operator: Operator) -> None:
    processes = operator.unit(GATEWAY).processes()
    assert "/opt/openstackoid/bin/python3" in processes[0].cmdline()
    assert {process.username() for process in processes} == {"openstackoid"}
    assert "/usr/sbin/haproxy" in {process.exe() for process in processes}


def test_users_and_services_see_no_difference(
    clouds: Clouds, token: str, answers_before: list[object], catalog_before: Any
) -> None:
    for before, after in zip(answers_before, answers(token), strict=True):
        assert after == before
    assert clouds.openstack(f"{ONE}-admin", "endpoint", "list") == catalog_before


@pytest.mark.parametrize("host", NAMES.values())
@pytest.mark.parametrize(("service", "root"), [("image", "/v2/images"), ("compute", "/v2.1/servers")])
@pytest.mark.parametrize("scoped", [False, True], ids=["by HAProxy", "by Python"])
def test_services_log_the_address_of_the_client_and_never_a_forged_one(
    host: str, service: str, root: str, scoped: bool, clouds: Clouds, token: str
) -> None:
    path = f"{root}/{uuid.uuid4()}"
    # A scope in a spelling that no request had before is the Python service's.
    scope = f'{{"image": "CloudOne", "compute": "CloudOne", {" " * random.randrange(1000)}"*": "CloudOne"}}'
    assert forge(f"https://{host}:{PORTS[service]}{path}", token, scope if scoped else None) == 404
    said = lines(clouds.lab.logs / ONE, path)
    assert CLIENT in said
    assert FORGED not in said


def test_both_gateways_reach_each_other(operator: Operator) -> None:
    _, (check, _) = page.blocks(STEP_5)
    # CloudTwo has found no gateway at these addresses before.
    operator.type(f"for _ in $(seq 20); do {check} && exit; sleep 2; done; exit 1")


def test_a_user_sees_the_images_of_the_other_cloud(operator: Operator, clouds: Clouds) -> None:
    _, (_, request) = page.blocks(STEP_5)
    assert clouds.openstack(TWO, "image", "show", "cirros")["id"] in operator.type(request, **clouds.user(ONE))


def test_a_server_boots_from_the_image_of_the_other_cloud(clouds: Clouds) -> None:
    scope = '{"compute": "CloudOne", "image": "CloudTwo"}'
    words = ("--flavor", "m1.tiny", "--image", "cirros", "--os-scope", scope, "--wait")
    server = clouds.openstack(ONE, "server", "create", "scoped", *words)
    image = clouds.openstack(TWO, "image", "show", "cirros")["id"]
    assert server["status"] == "ACTIVE"
    assert image in str(server["image"])


def test_keepalived_learns_that_the_gateway_has_stopped(operator: Operator) -> None:
    operator.unit(GATEWAY).stop()
    assert subprocess.run([CHECKS / "check_alive_openstackoid.sh"], check=False).returncode != 0


def test_kolla_gets_its_frontends_back(
    operator: Operator,
    clouds: Clouds,
    token: str,
    files_before: dict[str, bytes],
    answers_before: list[object],
    catalog_before: Any,
) -> None:
    for command in page.commands("Go back"):
        operator.type(command)
    assert operator.node.rendered() == files_before
    for before, after in zip(answers_before, answers(token), strict=True):
        assert after == before
    assert clouds.openstack(f"{ONE}-admin", "endpoint", "list") == catalog_before
    assert changed_files() == []
