# SPDX-License-Identifier: Apache-2.0
"""`lab logs`: the end of a cloud's logs, and new lines."""

import os
import shutil
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.lab import Lab


def files(lab: Lab, owner: str, service: str | None) -> list[Path]:
    """Return the logs of a cloud (or of ``shared``), or the one of a service, by name or service type.

    Raises :class:`OpenstackoidError` with the existing names.
    """
    if owner != "shared":
        lab.cloud(owner)
    known = {path.stem: path for path in sorted((lab.logs / owner).glob("*.log"))}
    if not known:
        raise OpenstackoidError(f"{owner} has no logs yet", hint=f"openstackoid lab up {owner}")
    if service is None:
        return list(known.values())
    if service not in known:
        raise OpenstackoidError(f"{owner} has no log of {service!r}; it has: {', '.join(known)}")
    return [known[service]]


def show(paths: list[Path], lines: int, follow: bool) -> None:
    """Become a ``tail`` of these files; does not return."""
    program = shutil.which("tail") or "/usr/bin/tail"
    os.execv(program, ["tail", "-n", str(lines), *(["-F"] if follow else []), "--", *map(str, paths)])  # noqa: S606
