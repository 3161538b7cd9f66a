# SPDX-License-Identifier: Apache-2.0
"""A full disk first takes the reserve of the audit log, and the log says so, before it keeps a use from being recorded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from openstackoid.bridge.audit.reserve import MIB, Reserve

FULL = """
import asyncio, json, logging, os, sys
from dataclasses import replace
from pathlib import Path
from openstackoid.bridge.audit.audit_file import Audit, AuditError
from openstackoid.bridge.audit.losses import Losses
from openstackoid.bridge.audit.maintenance import AuditMaintenance
from openstackoid.mesh import AuditSettings
from unit.bridge.audit.test_audit_log import LINE
from unit.bridge.audit.test_refusals import JUNK

logging.basicConfig(level=logging.INFO, format="%(message)s")
folder = Path(sys.argv[1])
audit = Audit(folder / "audit.log")
maintenance = AuditMaintenance(audit, Losses(), AuditSettings(reserve=1))
states = []
def look():
    asyncio.run(maintenance.look())
    states.append(maintenance.document()["state"])
look()
with (folder / "other").open("wb", buffering=0) as other:
    try:
        while other.write(bytes(4096)):
            pass
    except OSError:
        pass
audit.write(LINE)
for _ in range(100):
    audit.write(LINE)
    audit.write(JUNK)
look()
written = 0
try:
    while True:
        audit.write(*[LINE] * 100)
        written += 100
except AuditError as error:
    print(error)
look()
whole = (folder / "audit.log").read_bytes().endswith(b"\\n")
(folder / "other").unlink(missing_ok=True)
look()
audit.write(LINE)
lines = [json.loads(line) for line in (folder / "audit.log").read_text().splitlines()]
refused = sum(line["outcome"] == "refused" for line in lines)
print(json.dumps({"states": states, "written": written, "whole": whole, "refused": refused}))
"""


def test_the_reserve_takes_its_space_and_gives_it_back(tmp_path: Path) -> None:
    path = tmp_path / "audit.log.reserve"
    reserve = Reserve(path)
    assert reserve.keep(MIB)
    assert (path.stat().st_size, path.stat().st_blocks * 512 >= MIB, path.stat().st_mode & 0o777) == (MIB, True, 0o600)
    assert reserve.kept
    assert reserve.release()
    assert not reserve.release()
    assert not reserve.kept
    assert reserve.keep(2 * MIB)
    assert reserve.keep(0)
    assert not path.exists()
    assert reserve.kept, "a reserve that is not wanted is not missing"


def test_a_disk_with_little_space_keeps_it(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "reserve").keep(1 << 60)
    assert not (tmp_path / "reserve").exists()


def test_a_full_disk_takes_the_reserve_before_a_use_is_refused(tmp_path: Path) -> None:
    script = f'mount -t tmpfs -o size=4m none {tmp_path} && exec {sys.executable} -c "$SCRIPT" {tmp_path}'
    environment = {"SCRIPT": FULL, "PYTHONPATH": "tests:src", "PATH": "/usr/bin:/bin"}
    root = Path(__file__).parents[4]
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    if "unshare: " in done.stderr:
        pytest.skip("this system gives no user its own mounts")
    assert done.returncode == 0, done.stderr
    refusal, found = done.stdout.splitlines()
    assert "the audit line cannot be written: no space" in refusal
    result = json.loads(found)
    assert result["states"] == ["up", "low", "low", "up"]
    assert result["whole"]
    assert result["written"] > 500, "the reserve holds lines"
    assert result["refused"] <= 10, "refusals take nothing of the reserve"
    assert "audit: the disk has no space for the reserve of 1 MiB" in done.stderr
