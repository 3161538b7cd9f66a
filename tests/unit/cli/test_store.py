# SPDX-License-Identifier: Apache-2.0
"""``openstackoid store upgrade``."""

from pathlib import Path

import pytest

from openstackoid.cli import main
from openstackoid.store import Database
from openstackoid.store.schema import REVISIONS
from unit.store.opening import sql

MESH = 'mesh: 1\nclouds: {{One: {{gateway: {{{gateway}}}, services: {{image: {{frontend: "http://127.0.0.1:81/image"}}}}}}}}\n'


def upgrade(tmp_path: Path, cloud: str = "One", gateway: str = "") -> int:
    (tmp_path / "mesh.yaml").write_text(MESH.format(gateway=gateway))
    (tmp_path / "state").mkdir(exist_ok=True)
    words = ["store", "upgrade", "--cloud", cloud, "--config", str(tmp_path / "mesh.yaml")]
    return main([*words, "--state-dir", str(tmp_path / "state")])


def test_upgrade_creates_the_tables_and_prints_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "state" / "store.sqlite"
    for _ in range(2):
        assert upgrade(tmp_path) == 0
        assert capsys.readouterr().out == f"the store ({path}) has the schema {REVISIONS[-1]}\n"
    assert sql(Database.file(path), "SELECT count(*) FROM workflows") == [(0,)]


def test_a_newer_schema_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    upgrade(tmp_path)
    sql(Database.file(tmp_path / "state" / "store.sqlite"), "UPDATE alembic_version SET version_num = '0999'")
    assert upgrade(tmp_path) == 1
    assert "the database has the schema 0999 of a newer release" in capsys.readouterr().err


def test_a_database_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert upgrade(tmp_path, gateway="store: {url: 'mysql://u@127.0.0.1:1/d'}") == 1
    assert "the store (mysql database d at 127.0.0.1:1) cannot be used: (2003, " in capsys.readouterr().err


def test_a_cloud_that_is_not_described_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert upgrade(tmp_path, cloud="Two") == 1
    assert "no cloud 'Two' is described; described are: One" in capsys.readouterr().err
