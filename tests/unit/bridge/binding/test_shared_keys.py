# SPDX-License-Identifier: Apache-2.0
"""Gateways of one cloud find out by their store that they bind tokens with different keys."""

import logging
import shutil
from pathlib import Path

import pytest

from openstackoid.binding import KeyRepository
from openstackoid.binding.rotation import rotate, set_up
from openstackoid.bridge.binding.shared_keys import DIFFER, SAME, SharedKeys
from openstackoid.store import Database
from unit.bridge.stage import played
from unit.store.opening import NOW, Clock, opened


def folder_of_keys(path: Path) -> Path:
    set_up(path, NOW)
    return path


@played
async def test_a_gateway_without_the_others_key_says_so_once_and_when_it_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (folder_of_keys(tmp_path / name) for name in ("first", "second"))
    caplog.set_level(logging.INFO)
    clock = Clock()
    async with opened(Database.file(tmp_path / "store"), 2) as stores:
        one, two = (
            SharedKeys(store, KeyRepository(folder, lambda: clock.now), clock)
            for store, folder in zip(stores, (first, second), strict=True)
        )
        await one.look()
        assert one.state() == SAME
        for _ in range(2):
            await two.look()
        assert two.state() == DIFFER
        primary = KeyRepository(first).current().primary
        told = [record.getMessage() for record in caplog.records if record.name.startswith("openstackoid")]
        assert told == [
            f"bound tokens: another gateway of this cloud binds with the key {primary.fingerprint}, which is not here:"
            " give all gateways of the cloud the same folder of keys"
        ]
        shutil.rmtree(second)
        shutil.copytree(first, second)
        await one.look()
        assert one.state() == DIFFER
        clock.now += 181
        for each in (one, two):
            await each.look()
        assert (one.state(), two.state()) == (SAME, SAME)


@played
async def test_a_rotated_key_that_is_staged_here_is_no_difference(tmp_path: Path) -> None:
    first, second = folder_of_keys(tmp_path / "first"), tmp_path / "second"
    shutil.copytree(first, second)
    rotate(first, NOW + 1)
    async with opened(Database.file(tmp_path / "store"), 2) as stores:
        one, two = (
            SharedKeys(store, KeyRepository(folder), Clock()) for store, folder in zip(stores, (first, second), strict=True)
        )
        for each in (one, two, one):
            await each.look()
        assert (one.state(), two.state()) == (SAME, SAME)


@played
async def test_without_the_store_what_is_known_stays(tmp_path: Path) -> None:
    async with opened(Database.file(tmp_path / "store")) as (store,):
        keys = SharedKeys(store, KeyRepository(folder_of_keys(tmp_path / "keys")), Clock())
        await store.close()
        await keys.look()
        assert keys.state() == SAME
