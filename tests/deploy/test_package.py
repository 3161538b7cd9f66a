# SPDX-License-Identifier: Apache-2.0
"""The packages for Python, the manual page and the completion."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import openstackoid
from deploy.debian import run
from deploy.preparation import ROOT
from openstackoid.cli import GROUPS


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_two_builds_of_one_commit_give_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    """The second from another clone, whose files have other times and other rights."""
    before = os.umask(0o077)
    try:
        run("git", "clone", "--quiet", ROOT, tmp_path / "clone")
        (tmp_path / "again").mkdir()
        run(sys.executable, tmp_path / "clone" / "scripts" / "package.py", tmp_path / "again")
    finally:
        os.umask(before)
    assert sums(tmp_path / "again") == sums(dist)
    assert len(sums(dist)) == 6


def test_sdist_and_wheel_have_the_package_and_no_machine(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert len({member.mtime for member in members}) == 1
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive_of_wheel:
        names = archive_of_wheel.namelist()
        assert "openstackoid/cli/gateway.py" in names
        (about,) = (archive_of_wheel.read(name).decode() for name in names if name.endswith("/METADATA"))
    # A later commit has a later version: pip would keep an equal one.
    version = re.escape(openstackoid.__version__)
    assert re.search(rf"^Version: {version}\.dev20[0-9]{{12}}$", about, re.MULTILINE)
    assert "openstackoid/mesh/collaborations.yaml" in names


def test_the_list_of_software_is_that_of_the_supply_chain(dist: Path) -> None:
    assert json.loads((dist / "sbom.json").read_text())["bomFormat"] == "CycloneDX"


def test_the_manual_page_has_every_command(dist: Path) -> None:
    page = (dist / "openstackoid.1").read_text()
    for group in GROUPS:
        assert f"'openstackoid {group}'" in page
    assert "'openstackoid gateway drain'" in page
    if shutil.which("groff"):
        assert run("groff", "-man", "-Tutf8", "-ww", "-z", dist / "openstackoid.1") == ""


@pytest.mark.parametrize(("typed", "expected"), [("gateway dr", "drain"), ("ga", "gateway"), ("gateway run --ha", "--haproxy")])
def test_bash_completes_commands_and_options(dist: Path, typed: str, expected: str) -> None:
    words = ["openstackoid", *typed.split()]
    script = f"""
source {dist}/openstackoid.bash
COMP_WORDS=({" ".join(words)}); COMP_CWORD={len(words) - 1}; COMP_LINE="{" ".join(words)}"; COMP_POINT=${{#COMP_LINE}}
$(complete -p openstackoid | sed 's/.*-F \\([^ ]*\\).*/\\1/') openstackoid {words[-1]} {words[-2]}
echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert expected in re.split(r"\s+", done.stdout), done.stderr
