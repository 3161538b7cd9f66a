# SPDX-License-Identifier: Apache-2.0
"""Run targets of the Makefile on another release of Debian, in a chroot with a clone of the last commit.

    OPENSTACKOID_DEBIAN_RELEASE=trixie PYTHONPATH=tests .venv/bin/python -m deploy.release FOLDER unit demo

A target may have variables: "unit OPENSTACKOID_TEST_HAPROXY=system". The Debian is made in FOLDER, and stays for a next time.
It has the network of this machine.
"""

import os
import shlex
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from deploy.debian import RELEASE, Debian, Layer, environment, run
from deploy.preparation import ROOT
from environment import clean

_PACKAGES = ("ca-certificates", "curl", "git", "haproxy", "iproute2", "make", "procps", "python3", "util-linux")


def main(folder: Path, targets: list[str]) -> int:
    """Run the targets one after the other, and return the number of those that failed."""
    clean(os.environ)
    with ExitStack() as stack:
        layer = Layer(folder / "base")
        if not layer.root.exists():
            folder.mkdir(parents=True, exist_ok=True)
            layer = Layer(Debian(folder, stack).base)
            layer.install(*_PACKAGES)
        clone = layer.root / "root/openstackoid"
        if not clone.exists():
            run("git", "clone", "--quiet", ROOT, clone)
        run("git", "-C", clone, "pull", "--quiet", "--ff-only", ROOT)
        failed = 0
        for target in targets:
            begun = time.monotonic()
            command = layer.command("make", "-C", "/root/openstackoid", *shlex.split(target))
            code = subprocess.run(command, env=environment(), check=False).returncode
            print(f"== make {target} on {RELEASE} ended with {code} after {time.monotonic() - begun:.0f} s", flush=True)
            failed += bool(code)
        return failed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
