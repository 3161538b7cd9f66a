# SPDX-License-Identifier: Apache-2.0
"""The faults, and the culprit that status, console and alert name for each: the rows of docs/operate/faults.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from openstackoid.telemetry import remedies


@dataclass(frozen=True)
class Fault:
    """One row. ``of`` and ``name``: the culprit; ``says``: a part of its detail; ``labels``: of the alert, beside ``fault``.

    ``remedy``: one of :mod:`openstackoid.telemetry.remedies`. ``clears``: whether it ends soon enough for a test: a death is told
    for 15 minutes.
    """

    row: str
    of: str
    name: str
    says: str
    alert: str
    remedy: str
    labels: Mapping[str, str] = field(default_factory=dict)
    clears: bool = True

    @property
    def culprit(self) -> tuple[str, str]:
        return self.of, self.name

    @property
    def todo(self) -> str:
        """Return the remedy, as it is printed at CloudOne."""
        return self.remedy.format(cloud="CloudOne", name=self.name)


TWO = {"peer": "CloudTwo"}

BACKEND_DEAD = Fault(
    "a backend is dead",
    "service",
    "image",
    "HAProxy's check of it fails",
    "OpenStackoidServiceDown",
    remedies.SERVICE_DOWN,
    {"proxy": "local.image.public"},
)
KEYSTONE_SLOW = Fault(
    "Keystone is slow",
    "service",
    "identity",
    "slow: HAProxy's check of it takes",
    "OpenStackoidServiceSlow",
    remedies.SERVICE_SLOW,
    {"proxy": "local.identity.public"},
)
TOKENS_SLOW = Fault(
    "Keystone is slow for tokens alone",
    "service",
    "identity",
    "slow for tokens: of",
    "OpenStackoidTokensSlow",
    remedies.SERVICE_SLOW,
    {"service": "identity"},
)
PEER_CUT = Fault(
    "a peer is cut off",
    "peer",
    "CloudTwo",
    "does not answer within",
    "OpenStackoidPeerUnreachable",
    remedies.PEER_UNREACHABLE,
    TWO,
)
PEER_DROPPED = Fault(
    "packets to a peer are dropped",
    "peer",
    "CloudTwo",
    "within",
    "OpenStackoidPeerUnreachable",
    remedies.PEER_UNREACHABLE,
    TWO,
)
PEER_CERTIFICATE = Fault(
    "a peer's certificate is wrong",
    "peer",
    "CloudTwo",
    "certificate",
    "OpenStackoidPeerCertificate",
    remedies.PEER_UNREACHABLE,
    TWO,
)
PYTHON_KILLED = Fault(
    "the Python service is killed",
    "gateway",
    "Python service",
    "deaths in 15 minutes:",
    "OpenStackoidPartDied",
    remedies.PART_DIED,
    {"part": "python"},
    clears=False,
)
HAPROXY_KILLED = Fault(
    "HAProxy is killed",
    "gateway",
    "HAProxy",
    "deaths in 15 minutes:",
    "OpenStackoidPartDied",
    remedies.PART_DIED,
    {"part": "haproxy"},
    clears=False,
)
PYTHON_FLAPS = Fault(
    "the Python service dies again and again",
    "gateway",
    "Python service",
    "it has died",
    "OpenStackoidPartFlaps",
    remedies.PART_FLAPS,
    {"part": "python"},
)
HAPROXY_FLAPS = Fault(
    "HAProxy dies again and again",
    "gateway",
    "HAProxy",
    "it has died",
    "OpenStackoidPartFlaps",
    remedies.PART_FLAPS,
    {"part": "haproxy"},
)
DISK_FULL = Fault(
    "the disk of the audit log is full",
    "gateway",
    "audit log",
    "the disk has no space for its reserve",
    "OpenStackoidAuditDisk",
    remedies.AUDIT_DISK,
)
MESH_BROKEN = Fault(
    "the description is broken",
    "gateway",
    "description",
    "an earlier one runs",
    "OpenStackoidReloadFailed",
    remedies.DESCRIPTION_BROKEN,
)
CLOCK_OFF = Fault(
    "this machine's clock is off",
    "gateway",
    "clock",
    "it differs from those of most peers",
    "OpenStackoidClockOff",
    remedies.CLOCK_OFF,
)
PEER_CLOCK_OFF = Fault(
    "a peer's clock is off",
    "peer",
    "CloudTwo",
    "its clock and this one differ by",
    "OpenStackoidPeerClockOff",
    remedies.PEER_CLOCK_OFF,
    TWO,
)
DESCRIPTION_DIFFERS = Fault(
    "a peer has another description",
    "peer",
    "CloudTwo",
    "it has another description of the clouds",
    "OpenStackoidPeerDescriptionDiffers",
    remedies.PEER_DESCRIPTION_DIFFERS,
    TWO,
)
FAULTS = tuple(found for found in dict(globals()).values() if isinstance(found, Fault))
