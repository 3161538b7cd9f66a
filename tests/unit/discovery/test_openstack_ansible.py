# SPDX-License-Identifier: Apache-2.0
"""The page about OpenStack-Ansible, on a configuration of the shape that its role `haproxy_server` writes."""

import json
import re
from pathlib import Path

import pytest
import yaml

from openstackoid.cli import main
from openstackoid.mesh import parse_mesh
from openstackoid.mesh.settings import ServiceTimeouts

PAGE = (Path(__file__).parents[3] / "docs/operate/openstack-ansible.md").read_text(encoding="utf-8")
VIPS = {"public": "203.0.113.10", "internal": "192.0.2.10"}
# The service's name in HAProxy, the one in the name of its variable, its type and its port.
SERVICES = (
    ("glance_api", "glance_api", "image", 9292),
    ("keystone_service", "keystone", "identity", 5000),
    ("nova_api_os_compute", "nova_api_compute", "compute", 8774),
    ("neutron_server", "neutron_server", "network", 9696),
    ("placement", "placement", "placement", 8780),
    ("cinder_api", "cinder_api", "block-storage", 8776),
)
GLOBAL = """\
global
    log /dev/log local0
    chroot /var/lib/haproxy
    stats socket /var/run/haproxy.stat level admin mode 600
defaults
    option dontlognull
    timeout client 50s
"""


def service(name: str, port: int) -> str:
    """Return the sections of a service: a frontend for each virtual address, the first with TLS, and the containers' backend."""
    fronts = [
        f"""
frontend {name}-front-{number}
    bind {host}:{port} {f"ssl crt /etc/haproxy/ssl/haproxy_lb-{host}.pem" if number == 1 else ""}
    option httplog
    option forwardfor except 127.0.0.0/8
    http-request add-header X-Forwarded-Proto https
    mode http
    default_backend {name}-back
"""
        for number, host in enumerate(VIPS.values(), 1)
    ]
    container = "    server infra{0}_{1}_container-{0}a{0}b 192.0.2.2{0}:{2} check port {2} inter 12000 rise 1 fall 1\n"
    servers = [container.format(number, name, port) for number in (1, 2)]
    back = f"""
backend {name}-back
    mode http
    balance leastconn
    stick-table type ipv6 size 256k expire 10s store http_err_rate(10s)
    option forwardfor
    http-check send hdr User-Agent "osa-haproxy-healthcheck" meth HEAD uri /healthcheck
"""
    return "".join((*fronts, back, *servers))


@pytest.fixture
def described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """The output of the page's command, and the description that it has written."""
    (tmp_path / "haproxy.cfg").write_text(GLOBAL + "".join(service(name, port) for name, _, _, port in SERVICES))
    endpoints = [
        {
            "Service Type": kind,
            "Interface": interface,
            "URL": f"{'https' if interface == 'public' else 'http'}://{host}:{port}",
            "Region": "RegionOne",
        }
        for _, _, kind, port in SERVICES
        for interface, host in VIPS.items()
    ]
    (tmp_path / "endpoints.json").write_text(json.dumps(endpoints))
    words = ["--name", "CloudOne", "--endpoints", str(tmp_path / "endpoints.json"), "--haproxy", str(tmp_path / "haproxy.cfg")]
    assert main(["discover", *words, "--output", str(tmp_path / "mesh.yaml")]) == 0
    return capsys.readouterr().out, (tmp_path / "mesh.yaml").read_text()


def test_the_page_shows_the_frontends_that_discover_names(described: tuple[str, str]) -> None:
    said = described[0].splitlines()
    shown = re.findall(r"^ *(the gateway takes the place of .*)$", PAGE, re.MULTILINE)
    assert len(said) == 1 + 2 * len(SERVICES)
    assert shown
    assert set(shown) <= set(said)


def test_each_service_has_its_containers_as_backends_and_waits_as_before(described: tuple[str, str]) -> None:
    cloud = parse_mesh(described[1]).clouds["CloudOne"]
    for _, _, kind, port in SERVICES:
        endpoint = cloud.endpoint(kind, "internal")
        assert endpoint is not None
        assert [(backend.host, backend.port) for backend in endpoint.backends] == [("192.0.2.21", port), ("192.0.2.22", port)]
        assert endpoint.timeouts == ServiceTimeouts(client=50)
    check = "HAProxy's check was `check inter 12000 rise 1 fall 1`, `http-check send hdr User-Agent osa-haproxy-healthcheck"
    assert described[1].count(check) == len(SERVICES)


def test_the_page_takes_out_the_frontends_of_these_services_alone() -> None:
    (recipe,) = (block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "_overrides" in block)
    wanted = {f"haproxy_{variable}_service_overrides": {"haproxy_backend_only": True} for _, variable, _, _ in SERVICES}
    assert yaml.safe_load(recipe) == wanted
