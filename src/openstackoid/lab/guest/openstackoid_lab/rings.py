# SPDX-License-Identifier: Apache-2.0
"""Make Swift's rings, each with one device and one replica: ``python -m openstackoid_lab.rings FOLDER DEVICE RING=IP:PORT ...``.

It replaces three commands of ``swift-ring-builder`` for each ring by one process.
"""

import sys
from pathlib import Path

from swift.common.ring import RingBuilder


def make(path, device, ip, port):
    """Write the ring of this device to a file."""
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    builder.add_dev({"region": 1, "zone": 1, "ip": ip, "port": port, "device": device, "weight": 1.0})
    builder.rebalance()
    builder.get_ring().save(str(path))


if __name__ == "__main__":
    _, folder, name, *rings = sys.argv
    for ring in rings:
        kind, _, address = ring.partition("=")
        host, _, number = address.rpartition(":")
        make(Path(folder) / f"{kind}.ring.gz", name, host, int(number))
