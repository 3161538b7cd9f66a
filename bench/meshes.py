# SPDX-License-Identifier: Apache-2.0
"""The meshes of the benchmark: descriptions of clouds with eight services, and what their Keystone says of a token."""

import json
from collections.abc import Sequence

from openstackoid.mesh import Mesh, Tls, catalog, parse_mesh

SERVICES = ("compute", "identity", "image", "network", "object-store", "orchestration", "placement", "volumev3")
"""The catalog types that each cloud has."""
OFFICIAL = tuple("block-storage" if service == "volumev3" else service for service in SERVICES)
"""The same, as a scope names them."""

_HEAD = ("mesh: 1", "clouds:")

POLICY = "{CloudTwo: {services: {'*': all}, people: [{name: members, roles: [member, reader]}]}}"
"""CloudOne lets CloudTwo's members in."""

TOKEN = "gAAAAABn" + "Zm9yX3RoZV9iZW5jaG1hcms" * 8
"""As long as a Fernet token, and of the same characters."""


GUEST_SCOPE = '{"*":"CloudTwo","image":"CloudOne"}'
"""The scope of a user of CloudTwo who asks for images of CloudOne."""


IMAGE_BYTES = "/image/v2/images/16a6b227-147f-4a81-a02d-c908e3155304/file"
"""A path that HAProxy asks of a peer alone: no list is in the answer."""

COUNTED = "{source_requests: 100000}"
"""Limits of a gateway that counts the requests of a source as by default, and lets one address send the whole load."""


def two_clouds(one: int, two: int, backend: int, tls: Tls | None = None, *, believed: float = 60, limits: str = COUNTED) -> str:
    """Return two clouds with a port each, one path a service; the gateway of CloudOne has backends at ``backend``.

    ``tls``: the certificate and the authority of CloudOne's gateway; both clouds' frontends are https then. ``believed``: for how
    long what CloudTwo says of a token is, in seconds. ``limits``: of CloudOne's gateway.
    """
    scheme = "http" if tls is None else "https"
    text = ["mesh: 1", "clouds:", "  CloudOne:", f"    policy: {{seconds: {believed:g}, peers: {POLICY}}}"]
    proof = "" if tls is None else f', tls: {{certificate: "{tls.certificate}", authority: "{tls.authority}"}}'
    text.append(f"    gateway: {{limits: {limits}{proof}}}")
    text.append("    services:")
    text += [
        f'      {service}: {{frontend: "{scheme}://127.0.0.1:{one}/{service}", backend: "http://127.0.0.1:{backend}/{service}"}}'
        for service in SERVICES
    ]
    text += ["  CloudTwo:", "    services:"]
    text += [f'      {service}: {{frontend: "{scheme}://127.0.0.1:{two}/{service}"}}' for service in SERVICES]
    return "\n".join(text) + "\n"


def port_each(ports: Sequence[int], two: int, backend: int) -> str:
    """Return two clouds of which CloudOne has a port for each service and no paths, as Kolla-Ansible has it."""
    text = ["mesh: 1", "clouds:", "  CloudOne:", f"    gateway: {{limits: {COUNTED}}}", f"    policy: {{peers: {POLICY}}}"]
    text.append("    services:")
    text += [
        f'      {service}: {{frontend: "http://127.0.0.1:{port}", backend: "http://127.0.0.1:{backend}"}}'
        for service, port in zip(SERVICES, ports, strict=True)
    ]
    text += ["  CloudTwo:", "    services:"]
    text += [f'      {service}: {{frontend: "http://127.0.0.1:{two}/{service}"}}' for service in SERVICES]
    return "\n".join(text) + "\n"


def many_clouds(count: int, own: Sequence[int], peers: Sequence[int], backend: int) -> str:
    """Return ``count`` clouds with a port for each of three interfaces; CloudOne's are ``own``, the others are Cloud2, Cloud3...

    Each peer has an address of its own within 127.0.0.0/8 and the ports ``peers``, so that one server can stand for all.
    """
    each = (_one_of_many(number, own, peers, backend) for number in range(1, count + 1))
    return "\n".join([*_HEAD, *(line for lines in each for line in lines)]) + "\n"


def one_of_many(number: int, own: Sequence[int], peers: Sequence[int], backend: int) -> str:
    """Return a description of one of the same clouds, the first of which is CloudOne."""
    return "\n".join([*_HEAD, *_one_of_many(number, own, peers, backend)]) + "\n"


def _one_of_many(number: int, own: Sequence[int], peers: Sequence[int], backend: int) -> list[str]:
    if number == 1:
        # No Keystone accepts the token of the load, and one address sends all of it.
        settings = "    gateway: {unbound_tokens: true, limits: {exempt: [127.0.0.1]}}"
        return _cloud("CloudOne", "127.0.0.1", own, f', backend: "http://127.0.0.1:{backend}/{{}}"', settings)
    address = f"127.{number // 62500 + 1}.{number // 250 % 250}.{number % 250 + 1}"
    return _cloud(f"Cloud{number}", address, peers, "")


def _cloud(name: str, address: str, ports: Sequence[int], backend: str, *settings: str) -> list[str]:
    lines = [f"  {name}:", *settings, "    services:"]
    for service in SERVICES:
        interfaces = zip(("public", "internal", "admin"), ports, strict=True)
        frontend = ", ".join(f'{interface}: "http://{address}:{port}/{service}"' for interface, port in interfaces)
        lines.append(f"      {service}: {{frontend: {{{frontend}}}{backend.format(service)}}}")
    return lines


def token_document(text: str) -> str:
    """Return what Keystone answers to the validation of a token, with the catalog of CloudTwo."""
    mesh: Mesh = parse_mesh(text)
    project = "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"
    names = {"id": project, "name": "demo", "domain": {"id": "default", "name": "Default"}}
    token = {
        "methods": ["password"],
        "user": names,
        "project": names,
        "roles": [{"id": project, "name": "member"}, {"id": project, "name": "reader"}],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2036-01-01T00:00:00.000000Z",
        "audit_ids": ["benchmark"],
        "catalog": catalog(mesh.clouds["CloudTwo"], project),
    }
    return json.dumps({"token": token})
