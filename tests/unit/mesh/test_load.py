# SPDX-License-Identifier: Apache-2.0
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from conformance.clouds import description
from cpu_time import least_cpu_time
from openstackoid.mesh import Descriptions, MeshError, load_mesh, packed_mesh, parse_mesh
from openstackoid.mesh import load as loading
from openstackoid.mesh.description import Reader
from openstackoid.mesh.files import listed


def cloud(name: str, more: str = "") -> str:
    return f"mesh: 1\nclouds:\n  {name}:\n    services: {{image: {{frontend: http://{name.lower()}/image}}}}\n{more}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three files."""
    folder = tmp_path / "mesh"
    folder.mkdir()
    for name in ("One", "Two", "Three"):
        (folder / f"{name}.yaml").write_text(cloud(name))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "mesh.cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose text was read, by name; and every file has settled at once."""
    names: list[str] = []
    described = Reader.described

    def noting(self: Reader, text: str, source: str) -> object:
        names.append(Path(source).name)
        return described(self, text, source)

    monkeypatch.setattr(Reader, "described", noting)
    monkeypatch.setattr(loading, "_SETTLED", -(10**12))
    return names


def test_a_folder_is_one_mesh(folder: Path) -> None:
    (folder / "zero.yaml").write_text(
        cloud("Zero", "shared: [{service: image, clouds: [One, Zero]}]\n")
        + "collaborations: [{name: z, service: image, partner: compute, requests: [POST /x], reason: y}]\n"
    )
    rules = "collaborations: [{name: t, service: image, partner: compute, requests: [POST /x], reason: y}]\n"
    (folder / "Two.yaml").write_text(cloud("Two", rules))
    mesh = load_mesh(folder)
    assert list(mesh.clouds) == ["One", "Three", "Two", "Zero"]
    assert [rule.name for rule in mesh.collaborations[-2:]] == ["t", "z"]
    assert (mesh.together("image", "One", "Zero"), mesh.together("image", "One", "Two")) == (True, False)
    one = "mesh: 1\nclouds:\n" + "".join(cloud(name).partition("clouds:\n")[2] for name in ("One", "Three", "Two", "Zero"))
    assert mesh.clouds == parse_mesh(one).clouds


def test_a_file_that_is_wrong_is_named(folder: Path) -> None:
    (folder / "Two.yaml").write_text("mesh: 1\nclouds:\n  Two: {services: {image: {fronted: x}}}\n")
    with pytest.raises(MeshError) as refused:
        load_mesh(folder)
    assert str(refused.value).startswith(f"{folder}/Two.yaml:3:37: clouds.Two.services.image.fronted: unknown key; accepted: ")
    (folder / "Two.yaml").write_bytes(b"\xff")
    with pytest.raises(MeshError, match=r"Two\.yaml: cannot read the mesh description: not UTF-8 text"):
        load_mesh(folder)
    (folder / "Two.yaml").write_text("")
    with pytest.raises(MeshError, match=r"Two\.yaml: the document: a mapping of keys to values is accepted"):
        load_mesh(folder)


def test_with_a_cache_only_changed_files_are_read(folder: Path, cache: Path, read: list[str]) -> None:
    first = load_mesh(folder, cache)
    assert sorted(read) == ["One.yaml", "Three.yaml", "Two.yaml"]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    read.clear()
    written = cache.stat().st_mtime_ns
    assert load_mesh(folder, cache) == first == load_mesh(folder)
    read.clear()
    assert cache.stat().st_mtime_ns == written
    (folder / "Two.yaml").write_text(cloud("Four"))
    (folder / "Five.yaml").write_text(cloud("Five"))
    (folder / "One.yaml").unlink()
    mesh = load_mesh(folder, cache)
    assert sorted(read) == ["Five.yaml", "Two.yaml"]
    assert list(mesh.clouds) == ["Five", "Three", "Four"]
    assert mesh == load_mesh(folder)


def test_a_file_of_another_time_and_the_same_content_is_not_read_as_yaml(folder: Path, cache: Path, read: list[str]) -> None:
    load_mesh(folder, cache)
    read.clear()
    (folder / "One.yaml").write_text(cloud("One"))
    os.utime(folder / "Two.yaml")
    (folder / "Three.yaml").rename(folder / "three")
    (folder / "three").rename(folder / "Three.yaml")
    load_mesh(folder, cache)
    assert read == []


def test_a_file_that_was_just_written_is_looked_into_again(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writes within a tick of the clock leave the same times; the second may be of the same size."""
    before = listed(folder)
    monkeypatch.setattr(loading, "listed", lambda _: before)
    load_mesh(folder, cache)
    (folder / "One.yaml").write_text(cloud("Six"))
    assert list(load_mesh(folder, cache).clouds) == ["Six", "Three", "Two"]
    monkeypatch.setattr(loading, "_SETTLED", -(10**12))
    (folder / "One.yaml").write_text(cloud("One"))
    assert list(load_mesh(folder, cache).clouds) == ["One", "Three", "Two"]
    (folder / "One.yaml").write_text(cloud("Six"))
    assert list(load_mesh(folder, cache).clouds) == ["One", "Three", "Two"], "what has settled is not"


def test_a_wrong_file_keeps_the_cache(folder: Path, cache: Path, read: list[str]) -> None:
    load_mesh(folder, cache)
    read.clear()
    (folder / "One.yaml").write_text("mesh: 2")
    for _ in range(2):
        with pytest.raises(MeshError):
            load_mesh(folder, cache)
    (folder / "One.yaml").write_text(cloud("One", "# new\n"))
    load_mesh(folder, cache)
    assert read == ["One.yaml"] * 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes().replace(b"One", b"Two")),
        lambda path: path.write_text(cloud("One")),
    ],
)
def test_a_cache_that_cannot_be_used_is_written_anew(
    folder: Path, cache: Path, read: list[str], harm: Callable[[Path], object]
) -> None:
    mesh = load_mesh(folder, cache)
    good = cache.read_bytes()
    harm(cache)
    read.clear()
    assert load_mesh(folder, cache) == mesh
    assert (len(read), cache.read_bytes() == good) == (3, True)


def test_a_cache_of_other_code_or_of_another_description_is_not_used(
    folder: Path, cache: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_mesh(folder, cache)
    monkeypatch.setattr(loading, "_code", lambda: "other")
    read.clear()
    load_mesh(folder, cache)
    assert len(read) == 3
    load_mesh(folder / "One.yaml", cache)
    assert len(read) == 4


def test_a_cache_that_cannot_be_written_is_no_error(folder: Path, tmp_path: Path) -> None:
    assert load_mesh(folder, tmp_path / "none" / "cache") == load_mesh(folder)


def test_one_file_has_a_cache_too(tmp_path: Path, cache: Path, read: list[str]) -> None:
    path = tmp_path / "mesh.yaml"
    path.write_text(description(count(10000)))
    mesh = load_mesh(path, cache)
    assert mesh == load_mesh(path, cache) == parse_mesh(path.read_text())
    assert read == ["mesh.yaml", "mesh"]


@pytest.mark.parametrize("name", ["mesh.d/two.yaml", "two.yaml"])
def test_a_packed_file_in_the_mesh_folder_is_read_as_yaml(tmp_path: Path, name: str) -> None:
    """It is not looked through as a description is, so it could be about clouds of others."""
    (tmp_path / "mesh.d").mkdir()
    (tmp_path / "mesh.d" / "one.yaml").write_text(description(count(10000)))
    path = tmp_path / name
    path.write_bytes(packed_mesh(parse_mesh(description(count(20000)))))
    with pytest.raises(MeshError, match=r"two\.yaml"):
        load_mesh(path.parent if path.parent.name == "mesh.d" else path)


def test_a_mesh_that_was_packed_is_loaded_as_it_was(tmp_path: Path) -> None:
    mesh = parse_mesh(description(count(10000)))
    path = tmp_path / "mesh.packed"
    path.write_bytes(packed_mesh(mesh))
    assert load_mesh(path) == mesh
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(MeshError, match=r"mesh\.packed: it was not written by a gateway of this version: it is torn"):
        load_mesh(path)
    with pytest.raises(TypeError, match="not loaded"):
        packed_mesh(replace(mesh, clouds=dict(mesh.clouds)))


def test_a_look_tells_whether_files_have_changed(folder: Path) -> None:
    descriptions = Descriptions(folder)
    one = folder / "One.yaml"
    seen = [descriptions.look()]
    assert descriptions.look() == seen[0]
    one.write_text(cloud("Two"))
    seen.append(descriptions.look())
    one.rename(folder / "Six.yaml")
    seen.append(descriptions.look())
    status = (folder / "Six.yaml").stat()
    one.write_text(cloud("One"))
    os.utime(one, ns=(status.st_atime_ns, status.st_mtime_ns))
    one.rename(folder / "Six.yaml")
    seen.append(descriptions.look())
    assert len(set(seen)) == len(seen)


def test_read_descriptions_are_kept_without_a_cache(folder: Path, read: list[str]) -> None:
    descriptions = Descriptions(folder)
    first = descriptions.load()
    (folder / "Two.yaml").write_text(cloud("Two").replace("/image", "/images"))
    assert descriptions.load() == first, "no look was taken"
    descriptions.look()
    second = descriptions.load()
    assert read == ["One.yaml", "Three.yaml", "Two.yaml", "Two.yaml"]
    assert second == load_mesh(folder) != first
    assert second.frontends["One"].layout is second.frontends["Three"].layout


def test_an_unlistable_folder_is_an_error_of_look_and_load(folder: Path) -> None:
    descriptions = Descriptions(folder)
    descriptions.load()
    for path in folder.iterdir():
        path.unlink()
    for _ in range(2):
        with pytest.raises(MeshError, match="no mesh description in this folder"):
            descriptions.look()
        with pytest.raises(MeshError, match="no mesh description in this folder"):
            descriptions.load()
    (folder / "One.yaml").write_text(cloud("One"))
    assert list(descriptions.load().clouds) == ["One"]


def test_the_cache_is_saved_after_changes(folder: Path, cache: Path, read: list[str]) -> None:
    descriptions = Descriptions(folder, cache)
    descriptions.save()
    assert not cache.exists()
    descriptions.load()
    assert not cache.exists()
    descriptions.save()
    written = cache.read_bytes()
    cache.unlink()
    descriptions.look()
    descriptions.load()
    descriptions.save()
    assert not cache.exists(), "nothing has changed"
    cache.write_bytes(written)
    read.clear()
    assert len(Descriptions(folder, cache).load().clouds) == 3
    assert read == []


def test_thousands_of_clouds_are_read_in_a_moment(tmp_path: Path, cache: Path) -> None:
    lines = "".join(f"  C{n}:\n    services: {{image: {{frontend: 'http://c{n}/image'}}}}\n" for n in range(3000))
    (tmp_path / "mesh.yaml").write_text(f"mesh: 1\nclouds:\n{lines}")
    load_mesh(tmp_path / "mesh.yaml", cache)
    assert len(load_mesh(tmp_path / "mesh.yaml", cache).frontends) == 3000
    assert least_cpu_time(lambda: load_mesh(tmp_path / "mesh.yaml", cache), 1) < 1
