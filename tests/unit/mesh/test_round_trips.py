# SPDX-License-Identifier: Apache-2.0
"""The times between gateways that an operator writes into the description."""

from pathlib import Path

import pytest

from openstackoid.mesh import MeshError, load_mesh, packed_mesh, parse_mesh
from unit.mesh.samples import TWO


def written(entry: str) -> str:
    return f"mesh: 1\nround_trips: [{entry}]\n{TWO}"


def test_a_time_is_the_same_in_both_directions() -> None:
    mesh = parse_mesh(written("{clouds: [One, Two], milliseconds: 4.5}"))
    assert mesh.round_trips == (("One", "Two", 4.5),)
    assert mesh.written_times == {"One": {"Two": 4.5}, "Two": {"One": 4.5}}
    assert parse_mesh(f"mesh: 1\n{TWO}").written_times == {}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{clouds: [One, Three], milliseconds: 1}", "f:2:30: round_trips.0.clouds.1: unknown cloud 'Three'; known: One, Two"),
        ("{clouds: [One, One], milliseconds: 1}", "f:2:16: round_trips.0.clouds: two clouds are accepted"),
        ("{clouds: [One], milliseconds: 1}", "f:2:16: round_trips.0.clouds: two clouds are accepted"),
        ("{clouds: [One, Two]}", "f:2:15: round_trips.0.milliseconds: this key is missing"),
        ("{clouds: [One, Two], seconds: 1}", "f:2:45: round_trips.0.seconds: unknown key; accepted: clouds, milliseconds"),
        ("{clouds: [One, Two], milliseconds: 0}", "f:2:50: round_trips.0.milliseconds: "),
        ("{clouds: [One, Two], milliseconds: -1}", "f:2:50: round_trips.0.milliseconds: "),
        ("{clouds: [One, Two], milliseconds: .nan}", "f:2:50: round_trips.0.milliseconds: "),
        ("{clouds: [One, Two], milliseconds: .inf}", "f:2:50: round_trips.0.milliseconds: "),
        ("{clouds: [One, Two], milliseconds: 60001}", "f:2:50: round_trips.0.milliseconds: "),
        ("{clouds: [One, Two], milliseconds: 10ms}", "f:2:50: round_trips.0.milliseconds: "),
        ("{clouds: [One, Two], milliseconds: true}", "f:2:50: round_trips.0.milliseconds: "),
    ],
)
def test_a_fault_is_shown_with_line_and_column(entry: str, message: str) -> None:
    with pytest.raises(MeshError) as raised:
        parse_mesh(written(entry), "f")
    assert message in str(raised.value)
    if message.endswith("milliseconds: "):
        assert "a number of milliseconds above 0, 60000 at most, is accepted" in str(raised.value)


def test_two_clouds_have_one_time() -> None:
    with pytest.raises(MeshError, match=r"f:2:55: round_trips\.1\.clouds: Two and One have a time already; write one"):
        parse_mesh(written("{clouds: [One, Two], milliseconds: 1}, {clouds: [Two, One], milliseconds: 2}"), "f")


def test_a_packed_mesh_and_a_cache_keep_the_times(tmp_path: Path) -> None:
    file, packed = tmp_path / "mesh.yaml", tmp_path / "mesh.packed"
    file.write_text(written("{clouds: [One, Two], milliseconds: 4.5}"))
    mesh = load_mesh(file)
    packed.write_bytes(packed_mesh(mesh))
    assert load_mesh(packed).round_trips == mesh.round_trips
    for _ in range(2):
        assert load_mesh(file, tmp_path / "cache").round_trips == mesh.round_trips


def test_files_of_a_folder_have_times_of_their_own(tmp_path: Path) -> None:
    entry = "round_trips: [{{clouds: [One, Two], milliseconds: {}}}]\n"
    (tmp_path / "a.yaml").write_text(f"mesh: 1\n{TWO}")
    (tmp_path / "b.yaml").write_text(
        f"mesh: 1\n{entry.format(3)}clouds: {{Six: {{services: {{image: {{frontend: 'http://six:1'}}}}}}}}\n"
    )
    assert load_mesh(tmp_path).written_times["Two"] == {"One": 3.0}
