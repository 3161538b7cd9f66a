# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest

from openstackoid.binding import WINDOW, BoundToken, KeyRepository, KeysError, Kind, load_keys, open_token, seal_token
from openstackoid.binding.repository import GLANCE
from openstackoid.binding.rotation import DISTRIBUTION, SECONDS, rotate, set_up
from openstackoid.binding.token import audience_digest, scope_digest

NOW = 1_800_000_000
BOUND = BoundToken(Kind.USER, audience_digest("CloudTwo"), NOW + 10**8, scope_digest("{}"), "gAAAAA")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    set_up(tmp_path / "keys", NOW)
    return tmp_path / "keys"


def numbers(folder: Path) -> list[int]:
    return [key.number for key in load_keys(folder).keys]


def test_setup_makes_a_primary_and_a_staged_key_that_the_owner_alone_can_read(folder: Path) -> None:
    assert numbers(folder) == [0, 1]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_setup_leaves_keys_that_are_there(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    set_up(folder, NOW + 5)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_rotation_makes_the_staged_key_primary_and_old_tokens_still_open(folder: Path) -> None:
    staged, sealed = load_keys(folder).keys[0], seal_token(load_keys(folder), BOUND)
    assert rotate(folder, NOW + 60) == []
    keys = load_keys(folder)
    assert (keys.primary.name, keys.primary.number, keys.primary.since) == (staged.name, 2, NOW + 60)
    assert [keys.role(key) for key in keys.keys] == ["staged", "secondary", "primary"]
    assert open_token(keys, sealed, "CloudTwo", NOW).token == "gAAAAA"


def test_a_gateway_that_has_not_rotated_yet_opens_what_one_that_has_sealed(folder: Path) -> None:
    before = load_keys(folder)
    rotate(folder, NOW)
    assert open_token(before, seal_token(load_keys(folder), BOUND), "CloudTwo", NOW).token == "gAAAAA"


def test_a_key_is_kept_until_the_last_token_under_it_has_ended(folder: Path) -> None:
    rotate(folder, NOW + 10)
    last = NOW + 10 + SECONDS + WINDOW + DISTRIBUTION
    assert rotate(folder, last) == []
    assert numbers(folder) == [0, 1, 2, 3]
    assert rotate(folder, last + 1) == [1]
    assert numbers(folder) == [0, 2, 3, 4]


@pytest.mark.parametrize(("mode", "which"), [(0o640, "1"), (0o604, "0"), (0o750, ".")])
def test_keys_that_others_can_read_are_refused_by_name(folder: Path, mode: int, which: str) -> None:
    (folder / which).chmod(mode)
    with pytest.raises(KeysError, match="can be read by others") as refused:
        load_keys(folder)
    assert str(folder / which) in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"short\n1\n", b"A" * 88, b"A" * 88 + b"\nnow\n", b"!" * 88 + b"\n1\n"])
def test_a_file_that_is_not_a_key_is_refused_and_not_quoted(folder: Path, content: bytes) -> None:
    (folder / "1").write_bytes(content)
    with pytest.raises(KeysError, match="is not the file of a key") as refused:
        load_keys(folder)
    assert "AAAA" not in str(refused.value)


def test_a_folder_without_keys_says_how_to_make_them(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(0o700)
    for folder in (tmp_path / "keys", tmp_path / "none"):
        with pytest.raises(KeysError) as refused:
            load_keys(folder)
        assert refused.value.hint == f"openstackoid keys setup --directory {folder}"


def test_other_files_in_the_folder_count_for_nothing(folder: Path) -> None:
    (folder / ".1.new").write_text("half a key")
    (folder / "007").write_text("-")
    assert numbers(folder) == [0, 1]


def test_a_running_gateway_takes_up_new_keys_by_itself_and_keeps_its_own_while_they_cannot_be_used(folder: Path) -> None:
    now = [0.0]
    repository = KeyRepository(folder, clock=lambda: now[0])
    rotate(folder, NOW)
    assert repository.current().primary.number == 1
    now[0] += GLANCE
    assert repository.current().primary.number == 2
    (folder / "2").chmod(0o644)
    os.utime(folder / "2", (1, 1))
    now[0] += GLANCE
    assert repository.current().primary.number == 2


def test_no_key_shows_in_a_repr(folder: Path) -> None:
    assert (folder / "1").read_text().split()[0] not in repr(load_keys(folder))
