# SPDX-License-Identifier: Apache-2.0
"""Traces that a suite which needs root may leave: mounts, network namespaces, interfaces, control groups, processes, files."""

from collections.abc import Iterator
from pathlib import Path

import psutil

FOLDERS = ("/etc", "/mnt", "/run/netns", "/usr/sbin", "/var/lib")
"""Folders of the machine in which a suite could leave an entry."""
HOME = (".ansible", ".ansible_async", ".kolla")
"""Folders that programs of a suite could make at home."""


def traces(folder: Path) -> set[str]:
    """Return what is there now, in words. ``folder`` has all files of the suite."""
    return {*_mounts(folder), *_entries(), *_interfaces(), *_cgroups(folder), *_processes(folder)}


def _mounts(folder: Path) -> Iterator[str]:
    watched = (f"{folder}", "/etc/", "/run/", "/usr/", "/var/", "/mnt", "/sys/")
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        at = line.split()[4]
        if at.startswith(watched):
            yield f"the mount {at}"


def _entries() -> Iterator[str]:
    for path in map(Path, FOLDERS):
        yield from (f"the file {entry}" for entry in (path.iterdir() if path.is_dir() else ()))
    yield from (f"the file {entry}" for entry in (Path.home() / name for name in HOME) if entry.exists())


def _interfaces() -> Iterator[str]:
    yield from (f"the network interface {entry.name}" for entry in Path("/sys/class/net").iterdir())


def _cgroups(folder: Path) -> Iterator[str]:
    for pattern in (f"{folder.name}-*", f"*/{folder.name}-*"):
        yield from (f"the control group {group}" for group in Path("/sys/fs/cgroup").glob(pattern))


def _processes(folder: Path) -> Iterator[str]:
    for process in psutil.process_iter(["name"]):
        try:
            root = str(Path(f"/proc/{process.pid}/root").readlink())
            if root.startswith(f"{folder}/") or process.environ().get("TMPDIR") == str(folder):
                yield f"the process {process.pid} {process.info['name']}"
        except (psutil.Error, OSError):
            continue
