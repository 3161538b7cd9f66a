# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from itertools import count

import pytest

from conformance.clouds import description
from openstackoid.mesh import Cloud, Mesh, clouds, parse_mesh
from openstackoid.mesh.clouds import Clouds
from openstackoid.mesh.layout import frontends_of
from openstackoid.mesh.packed import PackedCloud, unpack

TEXT = description(count(10000))
MESH = parse_mesh(TEXT)


def test_they_are_a_mapping() -> None:
    names = list(MESH.clouds)
    assert (names[0], len(MESH.clouds)) == ("CloudOne", len(names))
    assert ["CloudOne" in MESH.clouds, "CloudSix" in MESH.clouds] == [True, False]
    assert MESH.clouds["CloudOne"].name == "CloudOne"
    assert MESH.clouds.get("CloudSix") is None
    with pytest.raises(KeyError):
        MESH.clouds["CloudSix"]
    assert repr(MESH.clouds).startswith("<Clouds CloudOne, ")


def test_a_cloud_is_made_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noting(name: str, packed: PackedCloud) -> Cloud:
        made.append(name)
        return unpack(name, packed)

    monkeypatch.setattr(clouds, "unpack", noting)
    mesh = parse_mesh(TEXT)
    assert mesh.offers["CloudTwo"] == mesh.frontends["CloudTwo"].layout.services <= mesh.services
    assert (repr(mesh) == repr(MESH), mesh == MESH, "CloudOne" in mesh.clouds, made) == (True, True, True, [])
    assert [mesh.clouds["CloudTwo"] for _ in range(3)] == [MESH.clouds["CloudTwo"]] * 3
    assert made.count("CloudTwo") == 2  # once for each mesh


def test_their_frontends_are_those_of_the_clouds() -> None:
    plain = dict(MESH.clouds)
    assert frontends_of(plain) == MESH.frontends == Mesh(plain).frontends
    assert Mesh(plain).offers == MESH.offers == {name: cloud.services for name, cloud in plain.items()}
    assert Mesh(plain).services == MESH.services
    layouts = [own.layout for own in MESH.frontends.values()]
    assert len({id(layout) for layout in layouts}) == len(set(layouts))


def test_equal_descriptions_give_equal_clouds() -> None:
    plain = dict(MESH.clouds)
    assert MESH.clouds == plain
    assert MESH.clouds == parse_mesh(TEXT).clouds
    assert MESH.clouds != {**plain, "CloudTwo": replace(plain["CloudTwo"], region="x")}
    assert MESH.clouds != parse_mesh(TEXT.replace("CloudTwo", "CloudSix")).clouds
    assert Clouds({}) != "clouds"
