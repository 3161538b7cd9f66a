# SPDX-License-Identifier: Apache-2.0
"""Commands to HAProxy's control socket, and their errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from openstackoid.bridge.pages import runtime_api
from openstackoid.bridge.pages.runtime_api import RuntimeApi, RuntimeApiError
from unit.bridge.listening import listening
from unit.bridge.stage import played


@asynccontextmanager
async def haproxy(answer: bytes | None, heard: list[bytes]) -> AsyncIterator[RuntimeApi]:
    """A control socket that answers each command, or is silent; ``heard`` is what it was told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    with TemporaryDirectory(prefix="oid-") as folder:
        path = Path(folder, "haproxy.sock")
        async with listening(serve, path=path):
            yield RuntimeApi(path)


@played
async def test_a_command_and_its_answer() -> None:
    heard: list[bytes] = []
    async with haproxy(b"# pxname\nlocal\n", heard) as api:
        assert await api.command("show stat -1 4 -1") == "# pxname\nlocal\n"
    assert heard == [b"show stat -1 4 -1\n"]


@pytest.mark.parametrize("text", ["show info; shutdown sessions", "set map a b\nc", "a\x00", "a\r"])
def test_one_command_is_never_two(text: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        asyncio.run(RuntimeApi(Path("/nowhere")).command(text))


@played
async def test_a_silent_haproxy_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_api, "PATIENCE", 0.1)
    async with haproxy(None, []) as api:
        with pytest.raises(RuntimeApiError, match=r"haproxy\.sock does not answer within 0\.1 s"):
            await api.command("show info")


@played
async def test_a_large_answer_of_haproxy_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_api, "ANSWER_LIMIT", 10)
    async with haproxy(b"x" * 11, []) as api:
        with pytest.raises(RuntimeApiError, match="larger than 10 bytes"):
            await api.command("show info")


@played
async def test_a_socket_without_a_listener_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeApiError, match=r"HAProxy at .*/none cannot be asked: No such file or directory"):
        await RuntimeApi(tmp_path / "none").command("show info")
