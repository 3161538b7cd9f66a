# SPDX-License-Identifier: Apache-2.0
"""A thread that nobody waits for; what is bounded of an answer is in ``test_keystone_reader.py``."""

import asyncio
import threading

import pytest

from openstackoid.bridge.bounded import in_thread
from unit.bridge.stage import played


@played
async def test_the_result_comes_back() -> None:
    here = threading.get_ident()
    assert await in_thread(threading.get_ident) != here


@played
async def test_and_so_does_an_error() -> None:
    def fail() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        await in_thread(fail)


def test_the_loop_ends_without_it() -> None:
    """And what comes later is of no use to anybody, and does no harm."""
    go = threading.Event()
    began = threading.Event()

    def wait() -> None:
        began.set()
        go.wait(10)

    async def leave() -> None:
        in_thread(wait)
        await asyncio.to_thread(began.wait)

    before = threading.enumerate()
    asyncio.run(leave())
    go.set()
    for thread in threading.enumerate():
        if thread not in before:
            thread.join(5)


@played
async def test_what_was_given_up_is_not_settled() -> None:
    go = threading.Event()
    future = in_thread(lambda: go.wait(10))
    future.cancel()
    go.set()
    await asyncio.sleep(0.05)
    assert future.cancelled()
