# SPDX-License-Identifier: Apache-2.0
"""However many ask for large documents of one cloud, so many are held at once; those of another cloud are not kept waiting."""

import asyncio
import threading
import time

import pytest

from openstackoid.bridge.proxy import rewrite_links
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.upstream import upstream
from openstackoid.bridge.upstream.large_documents import LARGE_AT_ONCE, LargeDocuments
from unit.bridge.stage import played, says_json, staged


@pytest.mark.parametrize(("large", "most"), [(1, LARGE_AT_ONCE), (1000, 0)])
@played
async def test_large_documents_of_one_cloud_wait_for_each_other(large: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small document takes no slot. Documents of one cloud, small or large, are rewritten one at a time."""
    counting = threading.Lock()
    work: list[int] = [0]
    at_work: list[int] = []
    held: list[int] = []
    documents: list[LargeDocuments] = []

    class Noted(LargeDocuments):
        def __init__(self) -> None:
            super().__init__()
            documents.append(self)

    def document(_: Links, body: bytes, *, whole: bool = False) -> bytes:
        with counting:
            work[0] += 1
            at_work.append(work[0])
            held.append(max(LARGE_AT_ONCE - each.of("CloudTwo")._value for each in documents))
        time.sleep(0.02)
        with counting:
            work[0] -= 1
        return body if not whole else b""

    monkeypatch.setattr(Links, "document", document)
    monkeypatch.setattr(upstream, "LargeDocuments", Noted)
    monkeypatch.setattr(rewrite_links, "_LARGE", large)
    async with staged(there=says_json({"user": {}})) as stage:
        asked = [stage.ask("GET", "/identity/v3/users/7", 'X-Scope: {"identity":"CloudTwo"}') for _ in range(3 * LARGE_AT_ONCE)]
        assert [answer.json() for answer in await asyncio.gather(*asked)] == [{"user": {}}] * 3 * LARGE_AT_ONCE
    assert (max(at_work), max(held)) == (1, most)


@played
async def test_each_cloud_has_its_own() -> None:
    large_documents = LargeDocuments()
    assert large_documents.of("CloudOne") is large_documents.of("CloudOne")
    async with large_documents.of("CloudOne"), large_documents.thread_of("CloudOne"):
        assert not large_documents.of("CloudTwo").locked()
        assert not large_documents.thread_of("CloudTwo").locked()
