# SPDX-License-Identifier: Apache-2.0
"""A Debian for tests: a folder in memory, made by mmdebstrap, with layers above it, and a layer that is booted.

It is Debian 12, or the release in OPENSTACKOID_DEBIAN_RELEASE.
Nothing is installed on this machine: its tools are unpacked into the same folder. All of it is gone at the end.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp

import psutil

from environment import FOR_DOWNLOADS

MIRROR = os.environ.get("OPENSTACKOID_DEBIAN_MIRROR", "http://deb.debian.org/debian")
RELEASE = os.environ.get("OPENSTACKOID_DEBIAN_RELEASE", "bookworm")
PYTHON, HAPROXY = {"bookworm": ("3.11", "2.6"), "trixie": ("3.13", "3.0")}[RELEASE]
"""The versions in this release of Debian."""
_TOOLS = ("mmdebstrap", "systemd-container", "libsystemd-shared")
_LIBRARIES = ("usr/lib/x86_64-linux-gnu/systemd", "lib/x86_64-linux-gnu/systemd", "usr/lib/systemd", "lib/systemd")
_SETTINGS = ("resolv.conf", "hosts", "pip.conf")
ENVIRONMENT = {
    "HOME": pwd.getpwuid(0).pw_dir,
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C.UTF-8",
}
"""The environment of programs in a Debian."""
_OPTIONS = ("--include=systemd-sysv,dbus,python3", "--dpkgopt=force-unsafe-io", "--skip=cleanup/apt/lists", "--quiet")
_PROXY = re.compile(r"Acquire::(http|https)::Proxy ", re.IGNORECASE)
"""The settings of apt on this machine that the Debian gets."""
_CHROOT = 'r=$1; shift; mount -t proc proc "$r/proc" && mount --rbind /dev "$r/dev" && exec chroot "$r" "$@"'
_ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@"'
_OF_HOST = Path("/etc/ssl/certs/ca-certificates.crt")
_AUTHORITIES = "/etc/authorities-of-the-host.crt"
"""The authorities that this machine trusts: the package ca-certificates of the Debian writes its own."""
_CGROUPS = ("systemd", "unified", ".")
_PATIENCE = 1500.0
_BOOT = 120.0


class CommandError(AssertionError):
    """A command has failed; the message has its output."""


def run(*argv: str | Path, environment: dict[str, str] | None = None) -> str:
    """Run a command, by default with the variables for downloads, and return its output. Raises :class:`CommandError`."""
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_PATIENCE,
        env=environment or {**os.environ, **FOR_DOWNLOADS},
    )
    if done.returncode:
        raise CommandError(f"{' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stdout[-6000:]}")
    return done.stdout


def tell(line: str) -> None:
    """Tell the operator of the test, whatever pytest captures."""
    print(f"== {line}", file=sys.__stdout__, flush=True)


class Layer:
    """A Debian in the folder ``root``, whose programs run by chroot, with the network of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *argv: str) -> str:
        """Run a program in the layer; its mounts end with it. Raises :class:`CommandError`."""
        return run(*self.command(*argv), environment=environment())

    def command(self, *argv: str) -> tuple[str | Path, ...]:
        """Return the command that runs a program in the layer."""
        return ("unshare", "--mount", "--propagation", "private", "sh", "-c", _CHROOT, "sh", self.root, *argv)

    def install(self, *packages: str) -> None:
        """Install packages of Debian, or files."""
        self.run("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *packages)


def environment() -> dict[str, str]:
    """Return the environment of programs in a layer, which may download."""
    proxies = {name: value for name, value in FOR_DOWNLOADS.items() if name.lower().endswith("_proxy")}
    return ENVIRONMENT | proxies | ({"PIP_CERT": _AUTHORITIES} if _OF_HOST.exists() else {})


class Debian:
    """Makes layers above one Debian in ``folder``."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        tell(f"a Debian in {folder}: tools, then {RELEASE} by mmdebstrap (half a minute)")
        self.tools = folder / "tools"
        self._unpack_tools()
        self.base = folder / "base"
        proxies = [f"--aptopt={line}" for line in run("apt-config", "dump").splitlines() if _PROXY.match(line)]
        options = ("--mode=root", "--variant=minbase", *_OPTIONS, *proxies)
        run(
            "perl",
            self.tools / "usr/bin/mmdebstrap",
            *options,
            RELEASE,
            self.base,
            f"deb {MIRROR} {RELEASE} main",
            environment=environment(),
        )
        for name in _SETTINGS:
            with suppress(FileNotFoundError):
                shutil.copy(Path("/etc", name), self.base / "etc" / name)
        with suppress(FileNotFoundError):
            shutil.copy(_OF_HOST, f"{self.base}{_AUTHORITIES}")

    def _unpack_tools(self) -> None:
        packages = self.folder / "packages"
        packages.mkdir()
        command = ("sh", "-c", f"cd '{packages}' && apt-get download --quiet -o APT::Sandbox::User=root {' '.join(_TOOLS)}")
        try:
            run(*command)
        except CommandError:
            run("apt-get", "update", "--quiet")
            run(*command)
        for package in packages.glob("*.deb"):
            run("dpkg", "--extract", package, self.tools)

    def layer(self, name: str) -> Layer:
        """Return a new layer above the Debian."""
        place = self.folder / name
        for part in ("upper", "work", "root"):
            (place / part).mkdir(parents=True)
        options = f"lowerdir={self.base},upperdir={place / 'upper'},workdir={place / 'work'}"
        run("mount", "-t", "overlay", "overlay", "-o", options, place / "root")
        self._stack.callback(run, "umount", "--lazy", place / "root")
        return Layer(place / "root")

    @contextmanager
    def booted(self, layer: Layer) -> Iterator["Machine"]:
        """Boot a layer under systemd-nspawn, without a network but loopback."""
        tell("the Debian boots under systemd-nspawn")
        libraries = os.pathsep.join(str(self.tools / folder) for folder in _LIBRARIES)
        argv: list[str | Path] = [
            self.tools / "usr/bin/systemd-nspawn",
            "--quiet",
            f"--directory={layer.root}",
            "--boot",
            "--private-network",
            # Where control groups are those of version 1, a later systemd asks for this word.
            "--setenv=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
        ]
        options = ["--register=no", "--keep-unit", "--link-journal=no", "--resolv-conf=off", "--timezone=off"]
        log = layer.root.parent / "boot.log"
        with ExitStack() as stack, log.open("wb") as output:
            own = f"{Path(gettempdir()).name}-{layer.root.parent.name}"
            groups = [stack.enter_context(_cgroup(Path("/sys/fs/cgroup", name), own)) for name in _CGROUPS]
            nspawn = subprocess.Popen(
                ["sh", "-c", _ENTER, "sh", *(group for group in groups if group), "--", *argv, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "LD_LIBRARY_PATH": libraries},
            )
            stack.callback(_stop, nspawn)
            yield _started(nspawn, log)


class Machine:
    """A booted Debian; ``init`` is its first process."""

    def __init__(self, init: int) -> None:
        self.init = init

    def run(self, *argv: str) -> str:
        """Run a program in the machine. Raises :class:`CommandError`."""
        entered = self.command("--mount", "--uts", "--ipc", "--pid", "--root")
        return run(*entered, "env", "--chdir=/", *argv, environment=ENVIRONMENT)

    def command(self, *namespaces: str) -> Sequence[str]:
        """Return the beginning of a command with the machine's network; further namespaces as for ``nsenter``."""
        return ("nsenter", f"--target={self.init}", "--net", *namespaces)

    def systemctl(self, *argv: str) -> str:
        """Run ``systemctl``; a failure has the journal."""
        try:
            return self.run("systemctl", "--no-pager", *argv).strip()
        except CommandError as error:
            raise CommandError(f"{error}\n{self.run('journalctl', '--no-pager', '--lines=60')}") from None


def _started(nspawn: "subprocess.Popen[bytes]", log: Path) -> Machine:
    until = time.monotonic() + _BOOT
    state = ""
    while time.monotonic() < until and nspawn.poll() is None:
        for child in psutil.Process(nspawn.pid).children():
            with suppress(CommandError):
                machine = Machine(child.pid)
                state = machine.run("sh", "-c", "systemctl is-system-running || true").strip()
                if state in ("running", "degraded"):
                    return machine
        time.sleep(0.5)
    raise CommandError(f"the Debian does not boot here ({state or 'no systemd'}):\n{log.read_text(errors='replace')[-3000:]}")


def _stop(nspawn: "subprocess.Popen[bytes]") -> None:
    nspawn.send_signal(signal.SIGTERM)
    try:
        nspawn.wait(30)
    except subprocess.TimeoutExpired:
        for child in psutil.Process(nspawn.pid).children(recursive=True):
            child.kill()
        nspawn.kill()
        nspawn.wait()


@contextmanager
def _cgroup(hierarchy: Path, name: str) -> Iterator[Path | None]:
    """Make a control group of this name, if there is such a hierarchy."""
    if not (hierarchy / "cgroup.procs").exists():
        yield None
        return
    group = hierarchy / name
    group.mkdir()
    try:
        yield group
    finally:
        for below in sorted(group.rglob("*"), key=lambda path: -len(path.parts)):
            if below.is_dir():
                with suppress(OSError):
                    below.rmdir()
        with suppress(OSError):
            group.rmdir()


@contextmanager
def debian() -> Iterator[Debian]:
    """Make a Debian, and remove it at the end."""
    folder = Path(mkdtemp(prefix="openstackoid-deploy-"))
    with ExitStack() as stack:
        stack.callback(tell, "the Debian is removed")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        run("mount", "-t", "tmpfs", "-o", "mode=700", "openstackoid-deploy", folder)
        stack.callback(run, "umount", "--lazy", folder)
        yield Debian(folder, stack)
