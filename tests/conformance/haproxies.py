# SPDX-License-Identifier: Apache-2.0
"""Run the conformance tests with the HAProxy of each supported release of Debian: 2.6 of Debian 12, and 3.0 of Debian 13.

Its package and the libraries that it depends on are downloaded and unpacked into .venv, and nothing is installed: each HAProxy
runs by the loader and the C library of its own release. Words of the command line are pytest's.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from deploy.debian import MIRROR, CommandError, run, tell
from environment import clean

ROOT = Path(__file__).parents[2]
RELEASES = {"bookworm": "2.6", "trixie": "3.0"}
FOLDER = Path(sys.prefix, "haproxy")
VARIABLE = "OPENSTACKOID_TEST_HAPROXY"


def unpacked(release: str, folder: Path) -> Path:
    """Return the program that runs the HAProxy of a release of Debian; download and unpack it if it is not in the folder yet.

    Raises :class:`CommandError` with the output of apt or dpkg.
    """
    program = folder / "haproxy"
    if program.exists():
        return program
    tell(f"HAProxy {RELEASES[release]} of {release} is downloaded and unpacked into {folder}")
    archives = _download(release, folder / "apt")
    root = folder / "root"
    for package in archives.glob("*.deb"):
        # It depends on programs for its installation, too.
        if package.name.startswith(("haproxy_", "lib")):
            run("dpkg", "--extract", package, root)
    # Others are links that lead out of the folder.
    (loader,) = {path for path in root.rglob("ld-linux*.so.*") if path.is_file() and not path.is_symlink()}
    libraries = ":".join(map(str, sorted({path.parent for path in root.rglob("*.so.*") if path.is_file()})))
    command = shlex.join([str(loader), "--library-path", libraries, str(root / "usr/sbin/haproxy")])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def _download(release: str, folder: Path) -> Path:
    """Download HAProxy and all that it depends on, as if nothing were installed, and return the folder of the packages."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb {MIRROR} {release} main\n", encoding="utf-8")
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "APT::Sandbox::User": "root",
        # apt would lock the machine's dpkg, which has no part in this.
        "Debug::NoLocking": "true",
    }
    apt = ["apt-get", "--quiet", *(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))]
    run(*apt, "update")
    run(*apt, "install", "--yes", "--no-install-recommends", "--download-only", "haproxy")
    return folder / "cache/archives"


def main(words: list[str]) -> int:
    """Run the tests with each HAProxy, and return the number of those with which they failed."""
    clean(os.environ)
    failed = 0
    for release, version in RELEASES.items():
        try:
            program = unpacked(release, FOLDER / release)
        except CommandError as error:
            print(f"make: HAProxy {version} of {release} cannot be unpacked: {error}", file=sys.stderr)
            return 1
        said = run(program, "-v").partition("\n")[0]
        tell(f"conformance with {said}")
        assert f"version {version}." in said, said
        tests = [sys.executable, "-m", "pytest", "tests/conformance", *(words or ["-n", "auto"])]
        code = subprocess.run(tests, cwd=ROOT, env={**os.environ, VARIABLE: str(program)}, check=False).returncode
        tell(f"conformance with HAProxy {version} of {release} ended with {code}")
        failed += bool(code)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
