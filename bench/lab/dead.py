# SPDX-License-Identifier: Apache-2.0
"""The lab while nothing listens at the address of :data:`HERE`'s Glance."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.lab.place import HERE, THERE, Place
from bench.lab.processes import Processes
from bench.processes import free_ports
from examples.coverage import Lab
from examples.session import lab_with


@contextmanager
def dead_glance(place: Place) -> Iterator[Place]:
    """Have the mesh description name a closed port for Glance of :data:`HERE`, until the end of the block.

    Yields the place with the gateways' processes of that time: an HAProxy may be replaced.
    """
    (port,) = free_ports(1)

    def change(mesh: dict[str, Any]) -> None:
        mesh["clouds"][HERE]["services"]["image"]["backend"] = f"http://127.0.0.1:{port}"

    with TemporaryDirectory(prefix="oid-bench-") as folder, Lab(Path(folder)).described(change):
        yield replace(place, processes=Processes.of(lab_with(HERE, THERE)))
