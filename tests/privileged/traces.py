# SPDX-License-Identifier: Apache-2.0
"""Traces that a suite which needs root may leave: mounts, network namespaces, interfaces, control groups, processes, files.

Other programs of the machine make such things meanwhile, so a trace is what a suite could have made: by its place or its name.
"""

from collections.abc import Iterator
from pathlib import Path

import psutil

FOLDERS = ("/etc", "/mnt", "/opt", "/usr/bin", "/usr/sbin", "/var/lib")
"""Folders of the machine in which a suite could leave an entry."""
MOUNTS = (*FOLDERS, "/etc/keepalived", "/run", "/sys", "/usr", "/var/cache", "/var/log")
"""Folders over which a suite mounts others."""
NAMES = ("api0", "api0peer", "bridge", "first", "machine", "other", "second")
"""The network namespaces and interfaces of suites."""
HOME = (".ansible", ".ansible_async", ".kolla")
"""Folders that programs of a suite could make at home."""
_STATUS = Path("/var/lib/dpkg/status")


class Traces:
    """The traces that come from now on. ``folder`` has all files of the suite."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = self._found()
        self._packages = _packages()

    def left(self) -> list[str]:
        """Return them in words. Where packages were installed meanwhile, new files of the system are theirs."""
        found = self._found()
        if _packages() != self._packages:
            found -= set(_files())
        return sorted(found - self._before)

    def _found(self) -> set[str]:
        folder = self._folder
        return {*_mounts(folder), *_files(), *_networks(), *_cgroups(folder), *_processes(folder)}


def _packages() -> int:
    """Return when dpkg has last changed its list of packages; 0 where there is no dpkg."""
    return _STATUS.stat().st_mtime_ns if _STATUS.exists() else 0


def _mounts(folder: Path) -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        at = line.split()[4]
        if at in MOUNTS or at.startswith(f"{folder}"):
            yield f"the mount {at}"


def _files() -> Iterator[str]:
    for path in map(Path, FOLDERS):
        yield from (f"the file {entry}" for entry in (path.iterdir() if path.is_dir() else ()))
    yield from (f"the file {entry}" for entry in (Path.home() / name for name in HOME) if entry.exists())


def _networks() -> Iterator[str]:
    for name in NAMES:
        if Path("/sys/class/net", name).exists():
            yield f"the network interface {name}"
        if Path("/run/netns", name).exists():
            yield f"the network namespace {name}"


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
