# SPDX-License-Identifier: Apache-2.0
"""What HAProxy counts of a backend and its servers, by its control socket."""

import csv
import socket
from pathlib import Path


def requests_of(stats_socket: str | Path, backend: str) -> dict[str, int]:
    """Return the number of requests of each server of a backend, and of ``BACKEND``, which also has those sent to none."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(stats_socket))
        control.sendall(b"show stat\n")
        with control.makefile() as answer:
            rows = list(csv.DictReader(answer))
    return {row["svname"]: int(row["stot"]) for row in rows if row["# pxname"] == backend}
