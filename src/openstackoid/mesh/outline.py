# SPDX-License-Identifier: Apache-2.0
"""What a cloud has in common with others, apart from what is its own: thousands of clouds are of a handful of shapes.

Whoever works on all clouds of a mesh does so once for each shape, and looks at the hosts of a cloud for what is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from openstackoid.mesh.model import Cloud


@dataclass(frozen=True, slots=True)
class Entry:
    """An endpoint without the cloud: ``host`` is the place of its frontend's host among those of the cloud."""

    catalog_type: str
    service: str
    interfaces: tuple[str, ...]
    scheme: str
    host: int
    port: int
    prefix: str
    fixed_links: bool = False

    @property
    def key(self) -> str:
        """The name of the endpoint: catalog type and first interface."""
        return f"{self.catalog_type}.{self.interfaces[0]}"


@dataclass(frozen=True, eq=False)
class Shape:
    """The endpoints that clouds have in common, in their order. Equal shapes of one mesh are one object."""

    entries: tuple[Entry, ...]

    @cached_property
    def _hash(self) -> int:
        return hash(self.entries)

    @cached_property
    def services(self) -> frozenset[str]:
        """The official service types that clouds of this shape offer."""
        return frozenset(entry.service for entry in self.entries)

    @cached_property
    def schemes(self) -> frozenset[str]:
        """The schemes of the frontends."""
        return frozenset(entry.scheme for entry in self.entries)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Shape) and self.entries == other.entries)


@dataclass(frozen=True, slots=True)
class Outline:
    """A cloud's shape, and the hosts of its frontends in the order in which its endpoints name them first."""

    shape: Shape
    hosts: tuple[str, ...]


@runtime_checkable
class Outlined(Protocol):
    """Clouds of which the outlines are known without making each of them."""

    @property
    def outlines(self) -> Mapping[str, Outline]:
        """For each cloud, what its frontends are."""


def outline(cloud: "Cloud") -> Outline:
    """Return the outline of a cloud."""
    hosts: dict[str, int] = {}
    entries = tuple(
        Entry(
            endpoint.catalog_type,
            endpoint.service,
            endpoint.interfaces,
            endpoint.frontend.scheme,
            hosts.setdefault(endpoint.frontend.host, len(hosts)),
            endpoint.frontend.port,
            endpoint.frontend.prefix,
            endpoint.fixed_links,
        )
        for endpoint in cloud.endpoints
    )
    return Outline(Shape(entries), tuple(hosts))


def outlines(clouds: Mapping[str, "Cloud"]) -> Mapping[str, Outline]:
    """Return the outlines of clouds; equal shapes are one object."""
    if isinstance(clouds, Outlined):
        return clouds.outlines
    shapes: dict[Shape, Shape] = {}
    found = {}
    for name, cloud in clouds.items():
        own = outline(cloud)
        shape = shapes.setdefault(own.shape, own.shape)
        found[name] = own if shape is own.shape else Outline(shape, own.hosts)
    return found
