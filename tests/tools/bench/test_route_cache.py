# SPDX-License-Identifier: Apache-2.0
"""The experiment with a cache of routes works: what it measures is a route that Python has taught and HAProxy takes."""

import http.client
from collections.abc import Iterator

import pytest

from bench import haproxy as configurations
from bench.cores import share_cores
from bench.haproxy import instance
from bench.headers import AUTH
from bench.meshes import token_document, two_clouds
from bench.processes import free_ports
from bench.route_cache.configuration import cached
from bench.route_cache.teacher import teacher
from openstackoid.haproxy.binary import find_haproxy


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    backend, peer, port = free_ports(3)
    backends, gateway = tmp_path_factory.mktemp("backends"), tmp_path_factory.mktemp("gateway")
    clouds = {"Backend": [f"127.0.0.1:{backend}"], "CloudTwo": [f"127.0.0.1:{peer}"]}
    answering = configurations.backends(backends, clouds, token_document(two_clouds(1, 2, 3)))
    files = cached(two_clouds(port, peer, backend), gateway, {})
    cores = share_cores().gateway
    with (
        instance(find_haproxy(), backends, answering, cores),
        teacher(gateway),
        instance(find_haproxy(), gateway, files, cores),
    ):
        yield port


def ask(port: int, scope: str) -> tuple[str | None, list[str]]:
    """Return who answered, and the names of the answer's headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    name, _, value = AUTH.partition(": ")
    connection.request("GET", "/image/v2/images", headers={name: value, "X-Scope": scope})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.getheader("X-Served-By"), [header.lower() for header, _ in answer.getheaders()]


def test_python_answers_the_first_request_and_haproxy_alone_the_next_with_the_same_scope(port: int) -> None:
    assert ask(port, '{"image": "CloudOne"}')[0] == "CloudOne", "the teacher answers in the name of the cloud"
    assert ask(port, '{"image": "CloudOne"}')[0] == "Backend"
    assert ask(port, '{"image":"CloudOne"}')[0] == "CloudOne", "another text is another route"


def test_what_python_teaches_reaches_no_client(port: int) -> None:
    for _ in range(2):
        assert [name for name in ask(port, '{ "image": "CloudOne"}')[1] if name.startswith("x-openstackoid-")] == []
