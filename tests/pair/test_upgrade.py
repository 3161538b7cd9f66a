# SPDX-License-Identifier: Apache-2.0
"""A pair of an earlier release is upgraded under load, one machine after the other, as docs/operate/upgrade.md says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.mariadb import Server
from openstackoid.store.migrations import versions
from pair import figures, network
from pair.site import Site, running_site

BEFORE = "0002"
NOW = max(file.stem.removeprefix("revision_") for file in Path(versions.__file__).parent.glob("revision_*.py"))
"""The schemas of the store, of that release and of this one."""
DATABASE = "upgraded"


@pytest.fixture(scope="module")
def site(mariadb: Server, previous: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(mariadb, DATABASE, tmp_path_factory.mktemp("upgrade"), previous) as site:
        yield site


def schema(mariadb: Server) -> str:
    return mariadb.client.sql("SELECT version_num FROM alembic_version", DATABASE).strip()


def test_an_upgrade_from_an_earlier_release_fails_no_request(site: Site, mariadb: Server) -> None:
    active = site.pair.wait_for_holder()
    standby = site.pair.other(active)
    workflow = site.begin_workflow()
    assert schema(mariadb) == BEFORE
    with site.load().running() as load:
        standby.drain()
        standby.install(None)
        standby.start()
        # The earlier release goes on with the tables of the newer one.
        assert schema(mariadb) == NOW
        assert site.pair.wait_for_holder() is active
        active.drain()
        assert network.holder() == standby.name, site.pair.told()
        active.install(None)
        active.start()
        site.pair.wait_for_holder()
    figures.record(figures.UPGRADE, [load])
    assert load.lost == []
    site.goes_on(workflow)
