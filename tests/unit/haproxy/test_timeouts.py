# SPDX-License-Identifier: Apache-2.0
"""The waits of single services in the configuration: at their backends, on the way to peers and to Python, and for clients."""

import re

from openstackoid.haproxy import compile_gateway
from openstackoid.mesh import Timeouts, parse_mesh
from unit.haproxy.test_frontend import RUNTIME

MESH = """
mesh: 1
clouds:
  One:
    gateway: {timeouts: {server: 90s}}
    services:
      image: {frontend: "http://one:80/image", backend: "http://b:1", timeouts: {client: 6h, server: 6h}}
      object-store: {frontend: "http://one:80/swift", backend: "http://b:3", timeouts: {server: 6h}}
      compute: {frontend: "http://one:80/compute", backend: "http://b:2"}
  Two: {services: {image: {frontend: "http://two:80/image", timeouts: {server: 1h}}}}
"""
HOURS = 6 * 3600_000


def sections(text: str) -> dict[str, list[str]]:
    found = re.split(r"^(?=\S)", compile_gateway(parse_mesh(text), "One", RUNTIME)["haproxy.cfg"], flags=re.MULTILINE)
    return {part.split("\n")[0].partition(" from ")[0]: [line.strip() for line in part.splitlines()[1:]] for part in found}


def test_each_way_of_a_service_has_its_waits() -> None:
    found = sections(MESH)
    assert f"timeout server {HOURS}ms" in found["backend local.image.public"]
    assert f"timeout server {HOURS}ms" in found["backend local.object-store.public"]
    assert not any(line.startswith("timeout server") for line in found["backend local.compute.public"])
    both = "if { var(txn.endpoint) -m str image.public object-store.public }"
    assert f"http-request set-timeout server {HOURS}ms {both}" in found["backend peer"]
    assert f"http-request set-timeout server {HOURS + 8000}ms {both}" in found["backend bridge"]
    client = found["frontend gateway"]
    assert f"http-request set-timeout client {HOURS}ms if {{ var(txn.endpoint) -m str image.public }}" in client
    assert client[client.index(".else") + 1] == f"timeout client {HOURS}ms"
    assert f"timeout client {HOURS + HOURS + 30_000}ms" in found["frontend upstream"]


def test_errors_name_the_wait_of_the_service() -> None:
    found = sections(MESH)
    assert any("image of One did not answer within 21600 s" in line for line in found["backend local.image.public"])
    assert any("compute of One did not answer within 90 s" in line for line in found["backend local.compute.public"])
    assert any("did not answer within %[var(txn.patience)] s" in line for line in found["backend peer"])


def test_a_cloud_without_them_has_no_rule_about_them() -> None:
    text = re.sub(r", timeouts: \{[^}]*\}\}", "}", MESH)
    lines = compile_gateway(parse_mesh(text), "One", RUNTIME)["haproxy.cfg"].splitlines()
    # Of several clouds in turn, the first has its part of the time.
    assert [line for line in lines if "set-timeout" in line and "div(txn.clouds)" not in line] == []


def test_the_waits_of_a_peer_are_its_own_business() -> None:
    mesh = parse_mesh(MESH)
    assert mesh.clouds["One"].longest_waits == Timeouts(client=6 * 3600, server=6 * 3600)
    assert mesh.frontends == parse_mesh(MESH.replace(", timeouts: {server: 1h}", "")).frontends
