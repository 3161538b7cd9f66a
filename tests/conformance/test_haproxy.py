# SPDX-License-Identifier: Apache-2.0
"""The compiled HAProxy against the same table: alone where it decides alone, and with the Python service behind it."""

from collections.abc import Iterator

import pytest

from conformance.cases import CASES, Case, Refused
from conformance.gateway import RunningGateway, running_gateway

ROUTED_BY = ("x-auth-token", "x-subject-token", "x-service-token", "x-scope")
CLOUDS = sorted({case.at for case in CASES})


@pytest.fixture(scope="module")
def without_bridge() -> Iterator[dict[str, RunningGateway]]:
    with running_gateway("CloudOne", with_bridge=False) as one, running_gateway("CloudTwo", with_bridge=False) as two:
        yield {"CloudOne": one, "CloudTwo": two}


@pytest.fixture(scope="module")
def whole() -> Iterator[dict[str, RunningGateway]]:
    with running_gateway("CloudOne", with_bridge=True) as one, running_gateway("CloudTwo", with_bridge=True) as two:
        yield {"CloudOne": one, "CloudTwo": two}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_haproxy_decides_alone_or_asks(case: Case, without_bridge: dict[str, RunningGateway]) -> None:
    gateway = without_bridge[case.at]
    gateway.recorder.seen.clear()
    answer = gateway.send(case)
    if case.native:
        assert answer.status == 200
        fulfils(case, gateway)
    else:
        assert (answer.status, answer.content_type) == (503, "application/json")
        assert "Python service" in answer.message
        assert gateway.recorder.seen == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gateway(case: Case, whole: dict[str, RunningGateway]) -> None:
    gateway = whole[case.at]
    gateway.recorder.seen.clear()
    answer = gateway.send(case)
    if isinstance(case.expect, Refused):
        assert (answer.status, answer.content_type.partition(";")[0]) == (case.expect.status, "application/json")
        for word in case.expect.words:
            assert word in answer.message
        assert gateway.recorder.seen == []
    else:
        assert answer.status == 200, answer.message
        fulfils(case, gateway)


def fulfils(case: Case, gateway: RunningGateway) -> None:
    assert not isinstance(case.expect, Refused)
    # A relayed question may need a second one, of the same cloud.
    seen = gateway.recorder.seen[0]
    assert {other.server for other in gateway.recorder.seen} == {case.expect.cloud}
    assert case.expect.relayed or len(gateway.recorder.seen) == 1
    headers = {name.lower(): value for name, value in seen.headers if name.lower() in ROUTED_BY}
    assert (seen.server, seen.method, seen.path) == (case.expect.cloud, case.method, case.expect.path)
    assert headers == case.expect.headers
    assert "!SCOPE!" not in seen.body
    assert "x-openstackoid-listener" not in {name.lower() for name, _ in seen.headers}
