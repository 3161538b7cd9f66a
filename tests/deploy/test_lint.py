# SPDX-License-Identifier: Apache-2.0
"""Checks of shell scripts and of the package by Debian's tools. Lintian takes two minutes, and is for OPENSTACKOID_LINTIAN=1."""

import os
import re
import shutil
from pathlib import Path

import pytest

from deploy.debian import Debian, Layer, tell
from deploy.preparation import ROOT

BY_HAND = ("devstack/plugin.sh", "devstack/settings", "deploy/pair/check-gateway", ".ci/run")
MAINTAINERS = ("build", "postinst", "prerm", "postrm")


LINTIAN = os.environ.get("OPENSTACKOID_LINTIAN") == "1"


@pytest.fixture(scope="module")
def tools(made: Debian) -> Layer:
    layer = made.layer("lint")
    tell("tools of Debian that check are installed there")
    layer.install("shellcheck", *(["lintian"] if LINTIAN else []))
    return layer


def test_shellcheck_finds_nothing(tools: Layer) -> None:
    scripts = [*BY_HAND, *(f"deploy/debian/{name}" for name in MAINTAINERS)]
    for name in scripts:
        (tools.root / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tools.root / "src" / name)
    assert tools.run("shellcheck", *(f"/src/{name}" for name in scripts)) == ""


@pytest.mark.skipif(not LINTIAN, reason="it is for OPENSTACKOID_LINTIAN=1")
def test_lintian_finds_nothing(tools: Layer, package: Path) -> None:
    shutil.copy(package, tools.root / "var")
    said = tools.run("lintian", "--allow-root", "--fail-on", "error,warning", f"/var/{package.name}")
    assert re.findall(r"^[EW]: .*", said, re.MULTILINE) == []
