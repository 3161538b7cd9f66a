# SPDX-License-Identifier: Apache-2.0
"""Keys for other purposes are derived: the same at all gateways with the same keys."""

from pathlib import Path

from openstackoid.binding import KeyRepository, load_keys
from openstackoid.binding.repository import GLANCE
from openstackoid.binding.rotation import rotate, set_up
from openstackoid.bridge.binding.cursor_source import CursorSource
from openstackoid.composition.cut import END, START, Cut

CUT, DIGEST = Cut((START, END), None), b"12345678"


def test_a_derived_key_is_of_its_purpose_and_in_no_repr(tmp_path: Path) -> None:
    set_up(tmp_path / "keys", 0)
    key = load_keys(tmp_path / "keys").primary
    assert key.derive(b"one", 64) == load_keys(tmp_path / "keys").primary.derive(b"one", 64)
    assert len({key.derive(b"one", 64), key.derive(b"two", 64), key.secret}) == 3
    assert repr(key.secret) not in repr(key)


def test_cursors_open_at_another_gateway_before_and_after_a_rotation(tmp_path: Path) -> None:
    folder, now = tmp_path / "keys", [0.0]
    set_up(folder, 0)
    one, other = (CursorSource(KeyRepository(folder, lambda: now[0])) for _ in range(2))
    before = one.current().seal(CUT, "user", DIGEST)
    assert other.current() is other.current()
    assert other.current().open(before, "user", DIGEST, 2) == CUT
    rotate(folder, 60)
    after = CursorSource(KeyRepository(folder)).current().seal(CUT, "user", DIGEST)
    # This one has not looked at its keys since.
    assert other.current().open(after, "user", DIGEST, 2) == CUT
    now[0] += GLANCE
    assert other.current().seal(CUT, "user", DIGEST) == after
    assert other.current().open(before, "user", DIGEST, 2) == CUT


def test_without_a_folder_the_keys_end_with_the_process() -> None:
    first, second = CursorSource(KeyRepository()), CursorSource(KeyRepository())
    assert first.current().seal(CUT, "user", DIGEST) != second.current().seal(CUT, "user", DIGEST)
