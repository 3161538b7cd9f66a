# SPDX-License-Identifier: Apache-2.0
import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from openstackoid import parent_death_signal
from openstackoid.gateway.child import Child, _listen
from openstackoid.gateway.decisions import Part

LEASH = [sys.executable, "-I", "-S", parent_death_signal.__file__]


def heard(*chunks: bytes) -> list[bytes]:
    async def listen() -> list[bytes]:
        stream, lines = asyncio.StreamReader(), list[bytes]()
        listening = asyncio.create_task(_listen(stream, lines.append))
        for chunk in chunks:
            stream.feed_data(chunk)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        stream.feed_eof()
        await listening
        return lines

    return asyncio.run(listen())


def test_lines_arrive_whole() -> None:
    assert heard(b"one\ntwo\nth", b"re", b"e\nfour") == [b"one\ntwo\n", b"three\n", b"four\n"]
    assert heard() == []


@pytest.mark.parametrize(
    ("program", "how"),
    [("print('out'); raise SystemExit(3)", "ended with code 3"), ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL")],
)
def test_how_a_child_ended(program: str, how: str) -> None:
    async def live() -> tuple[str, bool, float]:
        child = await Child.start(Part.BRIDGE, [sys.executable, "-c", program], os.environ, lambda _: None, lambda _: None)
        return await child.end, child.alive, child.lived

    said, alive, lived = asyncio.run(live())
    assert (said, alive) == (how, False)
    assert lived > 0


def test_a_program_without_its_parent_is_not_started(tmp_path: Path) -> None:
    touch = ["/usr/bin/env", "touch", str(tmp_path / "ran")]
    assert subprocess.run([*LEASH, "1", *touch], check=False).returncode == 1
    assert not (tmp_path / "ran").exists()
    assert subprocess.run([*LEASH, str(os.getpid()), *touch], check=False).returncode == 0
    assert (tmp_path / "ran").exists()


def test_a_program_that_is_not_there_is_named() -> None:
    done = subprocess.run([*LEASH, str(os.getpid()), "/nowhere"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "/nowhere: No such file or directory\n")
