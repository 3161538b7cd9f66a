# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from openstackoid.store import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty database; tests/lab has the same tests on another."""
    return Database.file(tmp_path / "store.sqlite")
