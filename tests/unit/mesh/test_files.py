# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest

from openstackoid.mesh import MeshError
from openstackoid.mesh.files import listed


def test_one_file(tmp_path: Path) -> None:
    path = tmp_path / "mesh.txt"
    path.write_text("x")
    assert list(listed(path)) == ["mesh.txt"]
    assert listed(path)["mesh.txt"].content() == b"x"


def test_the_files_of_a_folder_in_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "B.yaml", ".hidden.yaml", "c.yaml~", "d.yml", "readme.md"):
        (tmp_path / name).write_text(name)
    (tmp_path / "e.yaml").symlink_to("readme.md")
    assert list(listed(tmp_path)) == ["B.yaml", "a.yaml", "b.yaml", "e.yaml"]
    assert listed(tmp_path)["e.yaml"].content() == b"readme.md"


def test_an_unreadable_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="none: cannot read the mesh description: No such file or directory"):
        listed(tmp_path / "none")
    with pytest.raises(MeshError, match=rf"^{tmp_path}: no mesh description in this folder; files .* \.yaml are read$"):
        listed(tmp_path)
    (tmp_path / "a.yaml").symlink_to("none")
    with pytest.raises(MeshError, match=r"a\.yaml: cannot read the mesh description: No such file or directory"):
        listed(tmp_path)
    (tmp_path / "a.yaml").unlink()
    os.mkfifo(tmp_path / "a.yaml")
    with pytest.raises(MeshError, match=r"a\.yaml: cannot read the mesh description: not a file"):
        listed(tmp_path)
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "a.yaml").write_text("")
    found = listed(tmp_path)["a.yaml"]
    (tmp_path / "a.yaml").unlink()
    with pytest.raises(MeshError, match=r"a\.yaml: cannot read the mesh description: No such file or directory"):
        found.content()
