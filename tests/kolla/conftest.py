# SPDX-License-Identifier: Apache-2.0
"""The machine's cloud of Kolla-Ansible: what all tests of the suite have in common."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kolla import page
from kolla.cloud import ONE, TWO, Clouds
from kolla.node import AUTHORITY, BACKEND, Node
from kolla.operator import Operator


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kolla")


@pytest.fixture(scope="session")
def operator(folder: Path) -> Iterator[Operator]:
    """An operator who has typed step 1, on a node with the settings of Kolla-Ansible."""
    node = Node(folder / "node.log")
    operator = Operator(node, folder / "units.log")
    with ThreadPoolExecutor(1) as pool:
        # Ansible works on one processor, and so does pip.
        installed = pool.submit(operator.install, *page.blocks("1. Install"))
        node.configure()
        installed.result()
    yield operator
    operator.stop()


@pytest.fixture(scope="session")
def clouds(folder: Path, operator: Operator) -> Clouds:
    clouds = Clouds(folder)
    for command in page.commands(page.STEP_3)[: page.MAKE_CERTIFICATE]:
        operator.type(command)
    clouds.trust(AUTHORITY)
    return clouds


@pytest.fixture(scope="session")
def node(operator: Operator, clouds: Clouds) -> Iterator[Node]:
    """A node as Kolla-Ansible configures it, with its HAProxy, and the services behind."""
    node = operator.node
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(clouds.start, TWO)
        node.kolla("genconfig", "--tags", "loadbalancer")
        other.result()
    with clouds.controller(BACKEND):
        node.start_haproxy()
        clouds.start(ONE)
        clouds.complete_catalog()
        yield node
        node.stop_haproxy()


@pytest.fixture(scope="session")
def token(node: Node, clouds: Clouds) -> str:
    return str(clouds.openstack(ONE, "token", "issue")["id"])
