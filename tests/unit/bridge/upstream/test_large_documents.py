# SPDX-License-Identifier: Apache-2.0
"""However many ask for large documents of one cloud, so many are held at once; those of another cloud are not kept waiting."""

import asyncio
import threading
import time

import pytest

from openstackoid.bridge.proxy import rewrite_links
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.upstream.large_documents import LARGE_AT_ONCE, LargeDocuments
from unit.bridge.stage import played, says_json, staged


@pytest.mark.parametrize(("large", "most"), [(1, LARGE_AT_ONCE), (1000, 1)])
@played
async def test_large_documents_of_one_cloud_wait_for_each_other(large: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones are rewritten where they arrive, one after the other, and wait for nobody."""
    counting = threading.Lock()
    held: list[int] = [0]
    seen: list[int] = []

    def document(_: Links, body: bytes, *, whole: bool = False) -> bytes:
        with counting:
            held[0] += 1
            seen.append(held[0])
        time.sleep(0.02)
        with counting:
            held[0] -= 1
        return body if not whole else b""

    monkeypatch.setattr(Links, "document", document)
    monkeypatch.setattr(rewrite_links, "_LARGE", large)
    async with staged(there=says_json({"user": {}})) as stage:
        asked = [stage.ask("GET", "/identity/v3/users/7", 'X-Scope: {"identity":"CloudTwo"}') for _ in range(3 * LARGE_AT_ONCE)]
        assert [answer.json() for answer in await asyncio.gather(*asked)] == [{"user": {}}] * 3 * LARGE_AT_ONCE
    assert max(seen) == most


@played
async def test_each_cloud_has_its_own() -> None:
    large_documents = LargeDocuments()
    assert large_documents.of("CloudOne") is large_documents.of("CloudOne")
    async with large_documents.of("CloudOne"):
        assert not large_documents.of("CloudTwo").locked()
