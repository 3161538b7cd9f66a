# SPDX-License-Identifier: Apache-2.0
"""A Debian package of an earlier release: the code and units of its commit, in a package with the Python packages of this one."""

import shutil
from pathlib import Path

from deploy.debian import run
from privileged.earlier import PREVIOUS, files_of

VERSION = "0.0.9"
"""Its version in Debian: the commit is of the same release by its own words, which is not out yet."""
_MODULES = "opt/venvs/openstackoid/lib/python3*/site-packages/openstackoid"


def older_package(package: Path, version: str, folder: Path) -> Path:
    """Return the older package. ``package``: this release's, whose Debian version is ``version``."""
    tree = folder / "older"
    run("dpkg-deb", "--raw-extract", package, tree)
    (modules,) = tree.glob(_MODULES)
    shutil.rmtree(modules)
    files_of(PREVIOUS, "src/openstackoid", modules)
    for unit in files_of(PREVIOUS, "deploy/systemd", folder / "units").glob("openstackoid-*@.service"):
        (there,) = tree.glob(f"*/**/systemd/system/{unit.name}")
        shutil.copyfile(unit, there)
    control = tree / "DEBIAN" / "control"
    text = control.read_text(encoding="utf-8")
    assert f"Version: {version}\n" in text
    control.write_text(text.replace(f"Version: {version}\n", f"Version: {VERSION}\n"), encoding="utf-8")
    built = folder / f"openstackoid_{VERSION}.deb"
    run("dpkg-deb", "-Zgzip", "-z1", "--build", tree, built)
    return built
