# SPDX-License-Identifier: Apache-2.0
"""A Kolla-Ansible with one external frontend: all public services on one port, each at a host of its own.

The tests follow each other, and those of `test_kolla.py`: the cloud runs, and Kolla's HAProxy has its frontends.
"""

import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import yaml

from kolla import description, page
from kolla.answers import answers_at
from kolla.client import FORGED, forge
from kolla.cloud import ONE, TWO, Clouds
from kolla.description import MESH
from kolla.machine import CLIENT, HOSTS, NODE
from kolla.node import AUTHORITY, Node
from kolla.operator import Operator
from lab.service_logs import lines
from unit.gateway.running import serving
from waiting import until

IN_KOLLA = {
    "keystone": "identity",
    "glance": "image",
    "placement": "placement",
    "neutron": "network",
    "nova": "compute",
    "cinder": "block-storage",
    "horizon": "horizon",
}
"""Kolla-Ansible's names of services, and their types in the catalog; Horizon is in none."""
FILE = "haproxy/services.d/external-frontend.cfg"
GATEWAY = "openstackoid-gateway@CloudOne"


class _Horizon(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"Horizon")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def single(node: Node, clouds: Clouds) -> Iterator[Node]:
    """The node with the one external frontend of Kolla-Ansible's own roles."""
    node.have_one_external_frontend({name: HOSTS[service] for name, service in IN_KOLLA.items()})
    node.kolla("genconfig", "--tags", "loadbalancer")
    node.stop_haproxy()
    node.start_haproxy()
    clouds.give_each_service_a_host(HOSTS)
    with serving(ThreadingHTTPServer((NODE, 80), _Horizon)):
        yield node


@pytest.fixture(scope="module")
def answers_before(single: Node, token: str) -> list[object]:
    return public_answers(token)


def public_answers(token: str) -> list[object]:
    return answers_at(token, {service: f"https://{host}" for service, host in HOSTS.items()})


def test_kolla_serves_all_hosts_on_one_port(single: Node, answers_before: list[tuple[str, int, object, object]]) -> None:
    assert FILE in single.rendered()
    assert {status for _, status, _, _ in answers_before} <= {200, 300, 404}


def test_discover_finds_the_services_by_their_hosts(single: Node, clouds: Clouds, operator: Operator) -> None:
    endpoints, discover, trust, *_ = page.commands(page.STEP_2)
    MESH.unlink()
    operator.type(endpoints, **clouds.user(f"{ONE}-admin"))
    operator.type(discover)
    services = yaml.safe_load(MESH.read_text(encoding="utf-8"))["clouds"][ONE]["services"]
    assert {kind: service["frontend"]["public"] for kind, service in services.items()}["image"] == f"https://{HOSTS['image']}"
    assert HOSTS["horizon"] in single.rendered()["haproxy/external-frontend-map"].decode()
    assert f"host {HOSTS['horizon']}: " in MESH.read_text(encoding="utf-8")
    description.complete(page.STEP_2)
    operator.type(trust)
    # The certificate of users is Kolla's new one.
    operator.type("cp /etc/kolla/certificates/haproxy.pem /etc/openstackoid/users/")


def test_the_gateway_takes_the_place_of_the_one_frontend(
    single: Node, operator: Operator, clouds: Clouds, token: str, answers_before: list[object]
) -> None:
    certificate, collection = page.commands(page.SINGLE)
    operator.type(certificate)
    copy, export, add, *checks = page.commands(page.STEP_3)[page.MAKE_CERTIFICATE :]
    for command in (copy, export, add):
        operator.type(command)
    description.complete(page.STEP_3)
    description.complete(page.SINGLE)
    for command in checks:
        operator.type(command)
    operator.type(collection)
    assert "changed=0 " in operator.type(collection)
    _, render = page.commands("4. Tell Kolla-Ansible")
    operator.type(render)
    assert b"frontend" not in single.rendered()[FILE].replace(b"frontends of external-frontend", b"")
    take_over, _ = page.blocks("5. Take over")
    for command in take_over:
        operator.type(command)
    for before, after in zip(answers_before, public_answers(token), strict=True):
        assert after == before


def test_horizon_is_served_by_the_gateway_at_its_host_and_no_other_host_is(operator: Operator) -> None:
    url = f"https://{HOSTS['horizon']}/"
    assert requests.get(url, verify=str(AUTHORITY), timeout=30).text == "Horizon"
    answer = requests.get(url, headers={"Host": "other.one.example"}, verify=str(AUTHORITY), timeout=30)
    assert answer.status_code == 421


def test_a_user_sees_the_images_of_the_other_cloud_at_its_host(clouds: Clouds, token: str) -> None:
    headers = {"X-Auth-Token": token, "X-Scope": '{"image": "CloudTwo"}'}
    answer = requests.get(f"https://{HOSTS['image']}/v2/images", headers=headers, verify=str(AUTHORITY), timeout=30)
    assert answer.status_code == 200, answer.text
    assert clouds.openstack(TWO, "image", "show", "cirros")["id"] in answer.text


def test_services_and_audit_log_have_the_address_of_the_client_and_never_a_forged_one(clouds: Clouds, token: str) -> None:
    path = f"/v2/images/{uuid.uuid4()}"
    url = f"https://{HOSTS['image']}{path}"
    assert forge(url, token) == 404
    said = lines(clouds.lab.logs / ONE, path)
    assert CLIENT in said
    assert FORGED not in said
    assert forge(url, token, '{"image": "CloudTwo"}') == 404
    audit = Path("/var/lib/openstackoid/CloudOne/audit.log")
    # A line is written after the answer.
    until(lambda: f'"source": "{CLIENT}"' in audit.read_text(encoding="utf-8"))
    assert FORGED not in audit.read_text(encoding="utf-8")


def test_the_role_gives_the_one_frontend_back(operator: Operator) -> None:
    custom = Path("/etc/kolla/config", FILE)
    assert custom.exists()
    operator.unit(GATEWAY).stop()
    back, _, *_ = page.commands("Go back")
    operator.type(back)
    assert not custom.exists()
