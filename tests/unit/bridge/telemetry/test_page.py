# SPDX-License-Identifier: Apache-2.0
"""The page that Prometheus reads."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from openstackoid.bridge.audit.losses import Losses
from openstackoid.bridge.telemetry import log_process
from openstackoid.bridge.telemetry.log_process import LogProcess
from openstackoid.bridge.telemetry.page import MetricsPage
from openstackoid.bridge.telemetry.state import GatewayState
from unit.bridge.pages.test_reachability import peers
from unit.bridge.stage import played


async def _no_page(path: str) -> tuple[int, dict[str, Any]] | None:
    return None


@played
async def test_a_scrape_waits_once_for_a_process_of_the_log_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_process, "PATIENCE", 2.0)
    mesh = peers(1, 1)
    state = GatewayState("CloudOne", lambda: mesh, lambda: 0, lambda: 0, Losses())
    here, there = socket.socketpair()
    with here, there, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        silent = LogProcess(here)
        page = MetricsPage(state, silent, lambda: listening, _no_page, silent.token_answers)
        await page.start()
        begun = time.monotonic()
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(tmp_path / "s"))) as session:
            # A page of the console asks meanwhile.
            _, answer = await asyncio.gather(silent.delegated(), session.get("http://metrics/metrics"))
            assert "openstackoid_token_questions_recent 0.0" in await answer.text()
        assert 2 <= time.monotonic() - begun < 3.5
        await page.close()
