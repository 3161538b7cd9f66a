# SPDX-License-Identifier: Apache-2.0
"""The clouds of a mesh by name, each made of its packed form when somebody asks for it."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

from openstackoid.mesh.model import Cloud
from openstackoid.mesh.outline import Outline, Shape
from openstackoid.mesh.packed import Packed, unpack

_KEPT = 256
"""Clouds that are kept once they were made: more than requests are on their way to at a time."""


class Clouds(Mapping[str, Cloud]):
    """Clouds by name. To look at all of them, :attr:`outlines` is the cheap way."""

    def __init__(self, packed: Mapping[str, Packed]) -> None:
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
    def outlines(self) -> Mapping[str, Outline]:
        """For each cloud, what its frontends are; equal shapes are one object."""
        one: dict[Shape, Shape] = {}
        shapes = {mould: one.setdefault(mould.shape, mould.shape) for mould in {each.mould for each in self.packed.values()}}
        return {name: Outline(shapes[each.mould], each.hosts[: each.mould.frontends]) for name, each in self.packed.items()}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Clouds):
            return self.packed == other.packed
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Clouds {', '.join(self)}>"
