# SPDX-License-Identifier: Apache-2.0
"""The clouds of the lab: edit ``CLOUDS``, run ``openstackoid lab up`` again, and the lab follows."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openstackoid.errors import OpenstackoidError

Layout = Literal["prefix", "ports"]
"""``prefix``: one gateway port, a path for each service, like Devstack.

``ports``: a gateway port for each service, like Kolla.
"""


@dataclass(frozen=True)
class Cloud:
    """An independent OpenStack: its own Keystone, databases, message bus and region (its name)."""

    name: str
    layout: Layout = "prefix"
    cinder: bool = False
    swift: bool = False

    @property
    def slug(self) -> str:
        """The name for databases and message bus: lower case, digits, underscores."""
        return re.sub(r"[^a-z0-9]", "_", self.name.lower())

    def runs(self, project: str) -> bool:
        """Return whether the cloud has this project of OpenStack."""
        return {"cinder": self.cinder, "swift": self.swift}.get(project, True)


CLOUDS: tuple[Cloud, ...] = (
    Cloud(name="CloudOne"),
    Cloud(name="CloudTwo"),
    # Cloud(name="CloudThree", layout="ports", cinder=True, swift=True),
)

VARIABLE = "OPENSTACKOID_LAB_CLOUDS"
"""Names other clouds than ``CLOUDS``, for tests: ``CloudOne,CloudTwo:ports,CloudThree:ports+cinder+swift``."""

# MariaDB's limit for the name of a database is 64 characters; ours end in "_nova_cell0".
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def described() -> tuple[Cloud, ...]:
    """Return the wanted clouds: those of the environment variable, or else ``CLOUDS``.

    Raises :class:`OpenstackoidError` for an invalid name or option.
    """
    text = os.environ.get(VARIABLE, "").strip()
    return checked(parse(text) if text else CLOUDS)


def parse(text: str) -> tuple[Cloud, ...]:
    """Read the value of the environment variable: ``NAME[:OPTION[+OPTION]]``, separated by commas."""
    clouds = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = entry.partition(":")
        options = set(filter(None, rest.split("+")))
        if unknown := options - {"prefix", "ports", "cinder", "swift"}:
            raise OpenstackoidError(
                f"{VARIABLE}: unknown option {sorted(unknown)[0]!r} of {name!r}; accepted: prefix, ports, cinder, swift"
            )
        clouds.append(Cloud(name, "ports" if "ports" in options else "prefix", "cinder" in options, "swift" in options))
    return tuple(clouds)


def checked(clouds: Sequence[Cloud]) -> tuple[Cloud, ...]:
    """Return the clouds if their names are valid and distinct, also as databases' names."""
    if not clouds:
        raise OpenstackoidError("the lab describes no cloud", hint="add an entry to CLOUDS in lab/clouds.py")
    seen: dict[str, str] = {}
    for cloud in clouds:
        if not _NAME.fullmatch(cloud.name):
            raise OpenstackoidError(
                f"{cloud.name!r} cannot name a cloud of the lab: letters, digits, '.', '_' and '-', "
                "40 characters at most, the first a letter or a digit"
            )
        if cloud.name in ("shared", "authority") or cloud.name.endswith("-admin"):
            raise OpenstackoidError(
                f"{cloud.name!r} cannot name a cloud of the lab: it gives 'shared', 'authority' and '...-admin' a meaning"
            )
        if cloud.slug in seen:
            raise OpenstackoidError(f"the clouds {seen[cloud.slug]!r} and {cloud.name!r} have names too alike")
        seen[cloud.slug] = cloud.name
    return tuple(clouds)


def select(clouds: Sequence[Cloud], names: Sequence[str]) -> tuple[Cloud, ...]:
    """Return the clouds of these names, or all of them without a name.

    Raises :class:`OpenstackoidError` for an unknown name.
    """
    known = {cloud.name: cloud for cloud in clouds}
    for name in names:
        if name not in known:
            raise OpenstackoidError(f"the lab has no cloud {name!r}; it has: {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else tuple(clouds)
