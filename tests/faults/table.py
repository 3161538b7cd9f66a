# SPDX-License-Identifier: Apache-2.0
"""The faults, and the culprit that ``openstackoid status`` and the alert name for each: the rows of docs/operate/faults.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """One row. ``of`` and ``name``: the culprit; ``says``: a part of its detail; ``labels``: of the alert, beside ``fault``."""

    row: str
    of: str
    name: str
    says: str
    alert: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def culprit(self) -> tuple[str, str]:
        return self.of, self.name


TWO = {"peer": "CloudTwo"}

BACKEND_DEAD = Fault(
    "a backend is dead",
    "service",
    "image",
    "HAProxy's check of it fails",
    "OpenStackoidServiceDown",
    {"proxy": "local.image.public"},
)
KEYSTONE_SLOW = Fault(
    "Keystone is slow",
    "service",
    "identity",
    "slow: HAProxy's check of it takes",
    "OpenStackoidServiceSlow",
    {"proxy": "local.identity.public"},
)
PEER_CUT = Fault("a peer is cut off", "peer", "CloudTwo", "does not answer within", "OpenStackoidPeerUnreachable", TWO)
PEER_CERTIFICATE = Fault("a peer's certificate is wrong", "peer", "CloudTwo", "certificate", "OpenStackoidPeerUnreachable", TWO)
PYTHON_KILLED = Fault(
    "the Python service dies again and again",
    "gateway",
    "Python service",
    "it has died",
    "OpenStackoidPartFlaps",
    {"part": "python"},
)
HAPROXY_KILLED = Fault(
    "HAProxy dies again and again", "gateway", "HAProxy", "it has died", "OpenStackoidPartFlaps", {"part": "haproxy"}
)
DISK_FULL = Fault(
    "the disk of the audit log is full", "gateway", "audit log", "the disk has no space for its reserve", "OpenStackoidAuditDisk"
)
MESH_BROKEN = Fault("the description is broken", "gateway", "description", "an earlier one runs", "OpenStackoidReloadFailed")
CLOCK_OFF = Fault("this machine's clock is off", "gateway", "clock", "have this machine follow NTP", "OpenStackoidClockOff")
PEER_CLOCK_OFF = Fault(
    "a peer's clock is off", "peer", "CloudTwo", "its clock and this one differ by", "OpenStackoidPeerClockOff", TWO
)
DESCRIPTION_DIFFERS = Fault(
    "a peer has another description",
    "peer",
    "CloudTwo",
    "it has another description of the clouds",
    "OpenStackoidPeerDescriptionDiffers",
    TWO,
)
FAULTS = tuple(found for found in dict(globals()).values() if isinstance(found, Fault))
