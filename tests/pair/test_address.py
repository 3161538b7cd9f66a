# SPDX-License-Identifier: Apache-2.0
"""Two gateways of CloudOne behind one address, with small services: where the address is, and what goes on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from lab.mariadb import Server
from pair import network
from pair.load import SCOPE
from pair.machines import Machine, Pair, install_files
from pair.services import Service, service

LONGEST_MOVE = 3.0
"""Seconds in which the address is with the other machine."""
_ROOT = f"http://{network.ADDRESS}"


@pytest.fixture(scope="module")
def here() -> Iterator[Service]:
    with service() as running:
        yield running


@pytest.fixture(scope="module")
def there() -> Iterator[Service]:
    with service() as running:
        yield running


def describe(file: Path, store: str, password: Path, here: int, there: int, settings: str = "") -> Path:
    """Write the mesh description of both gateways."""
    own = f'{{frontend: "{_ROOT}/%s", backend: "http://127.0.0.1:{here}"}}'
    file.write_text(
        "mesh: 1\nshared: [{service: image, clouds: [CloudOne, CloudTwo]}]\nclouds:\n  CloudOne:\n"
        f"    gateway: {{bind: '*', store: {{url: '{store}', password: {password}}}{settings}}}\n"
        f"    services:\n      identity: {own % 'identity'}\n      compute: {own % 'compute'}\n      image: {own % 'image'}\n"
        f"  CloudTwo: {{services: {{image: {{frontend: 'http://127.0.0.1:{there}/image'}}}}}}\n"
    )
    return file


@pytest.fixture(scope="module")
def pair(mariadb: Server, here: Service, there: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    config = describe(folder / "mesh.yaml", mariadb.url("pair"), mariadb.password, here.port, there.port)
    install_files(80, "http")
    machines = [Machine(name, folder / name, config, 80) for name in network.MACHINES]
    pair = Pair(*machines)
    try:
        for machine in machines:
            machine.boot()
        yield pair
    finally:
        for machine in machines:
            machine.end()


def ask(method: str, path: str, headers: dict[str, str], timeout: float = 20) -> int:
    """Send a request to the address of the pair on a new connection, and return the status."""
    return requests.request(
        method, _ROOT + path, headers=headers, data="{}" if method == "POST" else None, timeout=timeout
    ).status_code


def time_to_move(fail: Callable[[], None], to: Machine) -> float:
    """Return the seconds from a failure to the first answer at the address, by the other machine."""
    begun = time.monotonic()
    fail()
    while True:
        try:
            assert ask("GET", "/image/v2", {"X-Auth-Token": "t"}, timeout=0.3) == 200
            if network.holder() == to.name:
                return time.monotonic() - begun
        except requests.RequestException:
            assert time.monotonic() < begun + 60, "no machine has the address"
        time.sleep(0.02)


def begin_workflow(here: Service) -> str:
    """Send a scoped request that begins a workflow, and return its id."""
    here.workflows.clear()
    assert ask("POST", "/compute/servers", {"X-Auth-Token": "t", "X-Scope": SCOPE}) == 202
    (workflow,) = here.workflows
    return workflow


def goes_on(workflow: str, there: Service) -> None:
    """A request of a service, without the user's token and scope, goes where the workflow's scope says."""
    there.workflows.clear()
    assert ask("GET", "/image/v2", {"X-Auth-Token": "nova", "X-OpenStack-Request-Id": workflow}) == 200
    assert there.workflows == [workflow]


def test_a_killed_gateway_moves_the_address_within_3_s_and_its_workflow_goes_on(
    pair: Pair, here: Service, there: Service
) -> None:
    active = pair.wait_for_holder()
    workflow = begin_workflow(here)
    took = time_to_move(active.kill, pair.other(active))
    print(f"the gateway was killed: the address answered again after {took:.2f} s")
    assert took < LONGEST_MOVE, pair.told()
    goes_on(workflow, there)
    active.start()


def test_a_lost_machine_moves_the_address_within_3_s_and_its_workflow_goes_on(pair: Pair, here: Service, there: Service) -> None:
    active = pair.wait_for_holder()
    workflow = begin_workflow(here)
    took = time_to_move(active.lose, pair.other(active))
    print(f"the machine was lost: the address answered again after {took:.2f} s")
    assert took < LONGEST_MOVE, pair.told()
    goes_on(workflow, there)
    active.boot()
