# SPDX-License-Identifier: Apache-2.0
"""Kolla-Ansible from its wheel, in an environment of its own, and a check that its files are as they were published."""

import base64
import hashlib
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from openstackoid.lab.packages import Environment
from openstackoid.lab.state import Instance

ROOT = Path(__file__).parents[2]
LAB = "kolla"
"""The lab whose services are behind Kolla's load balancer."""


@cache
def environment() -> Environment:
    """Return the environment of Kolla-Ansible; it need not be installed."""
    pins = ROOT / "constraints/kolla.txt"
    requirements = tuple((ROOT / "constraints/kolla.in").read_text(encoding="utf-8").split())
    return Environment.of(Instance(LAB).shared, "kolla", requirements, pins, pins.with_suffix(".lock"))


def kolla_ansible() -> Distribution:
    """Return the installed Kolla-Ansible."""
    folders = [str(path) for path in environment().directory.glob("lib/python3*/site-packages")]
    return next(iter(distributions(name="kolla-ansible", path=folders)))


def changed_files() -> list[str]:
    """Return the files that differ from the hashes in the wheel's RECORD, which pip has checked the download by."""
    changed = []
    for file in kolla_ansible().files or ():
        if file.hash is None:  # RECORD itself, and compiled modules.
            continue
        digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            changed.append(str(file))
    return changed


def recorded_files() -> int:
    """Return the number of files with a hash in RECORD."""
    return sum(file.hash is not None for file in kolla_ansible().files or ())
