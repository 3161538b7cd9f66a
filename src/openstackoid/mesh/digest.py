# SPDX-License-Identifier: Apache-2.0
"""A digest of the clouds of a mesh as each of them sees the others: gateways with equal ones have the same description."""

from functools import lru_cache
from hashlib import blake2b

from openstackoid.mesh.layout import Frontends
from openstackoid.mesh.model import Mesh


def mesh_digest(mesh: Mesh) -> str:
    """Return the digest: of clouds, frontends, and shared data planes; not of backends, settings and policies."""
    return _digest(tuple(sorted(mesh.frontends.items(), key=lambda item: item[0])), mesh.shared)


@lru_cache(maxsize=2)
def _digest(clouds: tuple[tuple[str, Frontends], ...], shared: tuple[tuple[str, frozenset[str]], ...]) -> str:
    described = [(name, own.layout.endpoints, own.hosts) for name, own in clouds]
    planes = sorted((service, sorted(group)) for service, group in shared)
    return blake2b(repr((described, planes)).encode(), digest_size=8).hexdigest()
