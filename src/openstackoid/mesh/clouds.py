# SPDX-License-Identifier: Apache-2.0
"""The clouds of a mesh by name, each unpacked on its first use."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

from openstackoid.mesh.layout import Frontends, Layout
from openstackoid.mesh.model import Cloud
from openstackoid.mesh.packed import PackedCloud, unpack

_KEPT = 256
"""Unpacked clouds that are kept."""


class Clouds(Mapping[str, Cloud]):
    """Clouds by name. Code for all clouds uses :attr:`frontends`, which unpacks none."""

    def __init__(self, packed: Mapping[str, PackedCloud]) -> None:
        self.packed = packed
        self._made = lru_cache(maxsize=_KEPT)(self._make)

    def _make(self, name: str) -> Cloud:
        return unpack(name, self.packed[name])

    def __getitem__(self, name: str) -> Cloud:
        return self._made(name)

    def __contains__(self, name: object) -> bool:
        return name in self.packed

    def __iter__(self) -> Iterator[str]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)

    @cached_property
    def frontends(self) -> Mapping[str, Frontends]:
        """For each cloud, its frontends; equal layouts are one object."""
        one: dict[Layout, Layout] = {}
        layouts = {packed.layout for packed in self.packed.values()}
        seen = {layout: one.setdefault(layout.seen_by_peers, layout.seen_by_peers) for layout in layouts}
        return {
            name: Frontends(seen[each.layout], each.hosts[: each.layout.frontend_hosts]) for name, each in self.packed.items()
        }

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Clouds):
            return self.packed == other.packed
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Clouds {', '.join(self)}>"
