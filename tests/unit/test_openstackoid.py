# SPDX-License-Identifier: Apache-2.0
"""The names of ``import openstackoid``, and the cost of the import."""

import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

import openstackoid


def test_importing_the_package_imports_no_other_module() -> None:
    heavy = ("openstack.", "keystoneauth1", "requests", "openstackoid.")
    code = f"import sys, openstackoid; print([name for name in sys.modules if name.startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_every_exported_name_exists() -> None:
    assert all(getattr(openstackoid, name) for name in openstackoid.__all__)
    with pytest.raises(AttributeError, match="module 'openstackoid' has no attribute 'conect'"):
        openstackoid.conect  # noqa: B018


def test_every_file_of_the_package_is_in_its_wheel() -> None:
    (init,) = openstackoid.__path__
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = ["*.py", *project["tool"]["setuptools"]["package-data"]["*"]]
    files = [path.name for path in Path(init).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert [name for name in files if not any(fnmatch(name, pattern) for pattern in patterns)] == []
