# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from openstackoid.mesh.places import error_of_cloud


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "CloudOne.yaml").write_text("mesh: 1\nclouds:\n  CloudOne:\n    gateway: {bind: here}\n")
    (tmp_path / "CloudTwo.yaml").write_text("mesh: 1\nclouds: {CloudTwo: {gateway: {bind: there}}}\n")
    return tmp_path


@pytest.mark.parametrize(("cloud", "spot"), [("CloudOne", "4:21"), ("CloudTwo", "2:37")])
def test_of_several_files_that_of_the_cloud_is_named(folder: Path, cloud: str, spot: str) -> None:
    error = error_of_cloud(folder, cloud, ("gateway", "bind"), "no", "another")
    assert str(error).startswith(f"{folder}/{cloud}.yaml:{spot}: clouds.{cloud}.gateway.bind: no\n")
    assert error.hint == "another"


def test_a_cloud_that_is_no_longer_there_has_no_line(folder: Path) -> None:
    assert str(error_of_cloud(folder, "CloudSix", ("gateway",), "no", None)) == f"{folder}: clouds.CloudSix.gateway: no"
