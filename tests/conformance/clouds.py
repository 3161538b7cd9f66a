# SPDX-License-Identifier: Apache-2.0
"""Three clouds that differ in everything that a gateway has to bridge: layouts, prefixes, interfaces, services."""

from collections.abc import Callable, Iterator
from itertools import count

from openstackoid.mesh import Mesh, parse_mesh

DESCRIPTION = """
mesh: 1
shared: [{{service: network, clouds: [CloudOne, Cloud-3.b]}}]
collaborations:
  - name: billing-of-an-image      # a rule of the operators' own, about a service type of their own
    service: my-billing
    partner: image
    requests: [PUT /accounts/*]
    reason: an account counts the images of its own cloud
clouds:
  CloudOne:                      # one port with path prefixes, as Devstack has it
    services:
      identity:
        frontend: {{public: "http://127.0.0.1:{one}/identity/v3", admin: "http://127.0.0.1:{one_admin}/v3"}}
        backend: "http://127.0.0.1:{one_identity}/identity"
      compute: {{frontend: "http://127.0.0.1:{one}/compute/v2.1", backend: "http://127.0.0.1:{one_compute}/compute"}}
      image:
        frontend: {{public: "http://127.0.0.1:{one}/image", internal: "http://127.0.0.1:{one_internal}"}}
        backend: "http://127.0.0.1:{one_image}/image"
      network: {{frontend: "http://127.0.0.1:{one}/networking", backend: "http://127.0.0.1:{one_network}"}}
      volumev3: {{frontend: "http://127.0.0.1:{one}/volume/v3/$(project_id)s", backend: "http://127.0.0.1:{one_volume}/volume"}}
      placement: {{frontend: "http://127.0.0.1:{one}/placement", backend: "http://127.0.0.1:{one_placement}/placement"}}
      object-store: {{frontend: "http://127.0.0.1:{one}/swift/v1/AUTH_$(project_id)s", backend: "http://127.0.0.1:{one_objects}"}}
      sharev2: {{frontend: "http://127.0.0.1:{one}/share/v2", backend: "http://127.0.0.1:{one_share}/share"}}
      my-billing: {{frontend: "http://127.0.0.1:{one}/my/billing", backend: "http://127.0.0.1:{one_billing}/my/billing"}}
    gateway: {{timeouts: {{connect: 1, server: 2, check: 0.2}}, limits: {{exempt: [127.0.0.1]}}}}
    policy:
      peers:
        "*":
          services: {{"*": all}}
          people: [{{name: anyone, roles: {{member: member, service: service}}, project: keep}}]
  CloudTwo:                      # a port per service, as Kolla has it
    services:
      identity: {{frontend: "http://127.0.0.1:{two_identity}/v3", backend: "http://127.0.0.1:{two_identity_backend}"}}
      compute: {{frontend: "http://127.0.0.1:{two_compute}/v2.1", backend: "http://127.0.0.1:{two_compute_backend}"}}
      image: {{frontend: "http://127.0.0.1:{two_image}", backend: "http://127.0.0.1:{two_image_backend}"}}
      network: {{frontend: "http://127.0.0.1:{two_network}", backend: "http://127.0.0.1:{two_network_backend}"}}
      block-storage: {{frontend: "http://127.0.0.1:{two_volume}/v3", backend: "http://127.0.0.1:{two_volume_backend}"}}
      placement: {{frontend: "http://127.0.0.1:{two_placement}", backend: "http://127.0.0.1:{two_placement_backend}"}}
      shared-file-system: {{frontend: "http://127.0.0.1:{two_share}/v2", backend: "http://127.0.0.1:{two_share_backend}"}}
      my-billing: {{frontend: "http://127.0.0.1:{two_billing}", backend: "http://127.0.0.1:{two_billing_backend}"}}
    gateway: {{force: true, timeouts: {{connect: 1, server: 2, check: 0.2}}, limits: {{exempt: [127.0.0.1]}}}}
    policy:
      peers:
        "*":
          services: {{"*": all}}
          people: [{{name: anyone, roles: {{member: member, service: service}}, project: keep}}]
  Cloud-3.b:                     # prefixes of its own, and a peer that has told nobody its backends
    services:
      identity: {{frontend: "http://127.0.0.1:{three}/os/identity"}}
      image: {{frontend: "http://127.0.0.1:{three}/os/image"}}
      network: {{frontend: "http://127.0.0.1:{three}/os/networking"}}
      object-store: {{frontend: "http://127.0.0.1:{three}/os/swift/v1"}}
"""


class _Ports(dict[str, int]):
    def __init__(self, next_port: Callable[[], int]) -> None:
        super().__init__()
        self.next_port = next_port

    def __missing__(self, name: str) -> int:
        self[name] = self.next_port()
        return self[name]


def rarely_checked(text: str) -> str:
    """Return a description without health checks: on a busy machine, two that are late make a service down."""
    return text.replace("check: 0.2", "check: 86400")


def description(ports: Iterator[int]) -> str:
    """Return the mesh description on the given ports."""
    return DESCRIPTION.format_map(_Ports(lambda: next(ports)))


def three_clouds() -> Mesh:
    """Return the mesh on numbers that nothing listens on."""
    return parse_mesh(description(count(10000)))
