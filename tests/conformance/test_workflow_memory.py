# SPDX-License-Identifier: Apache-2.0
"""On a real gateway, many writes of one user push no running workflow of another out of the store."""

from collections.abc import Iterator

import pytest

from conformance.case import TO_TWO, Case, auth, marked, plain, refused, request_id
from conformance.gateway import RunningGateway, running_gateways
from conformance.recorder import MADE_UP

WHOLE = 2000
OF_A_PEER = 100
FLOOD = 2100


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    def small(text: str) -> str:
        return text.replace("gateway: {timeouts:", f"gateway: {{memory: {{workflows: {WHOLE}, peer: {OF_A_PEER}}}, timeouts:", 1)

    with running_gateways("CloudOne", edit=small) as (one,):
        yield one


def write(gateway: RunningGateway, token: str, *more: tuple[str, str], method: str = "POST", path: str = "/compute/") -> int:
    to = "compute.public" if path.startswith("/compute") else "network.public"
    headers = (auth(token), plain(TO_TWO), *more)
    gateway.recorder.seen.clear()
    return gateway.send(Case("write", refused(0), path, headers, method, to=to, body="{}")).status


def goes_on(gateway: RunningGateway, known: str) -> bool:
    """Return whether the gateway knows the scope of a workflow, when a service's own request continues it."""
    hop = Case("hop", refused(0), "/networking/v2.0/networks", (auth("nova"), request_id(known)), to="network.public")
    answer = gateway.send(hop)
    assert answer.status == 200 or (answer.status == 503 and "has no record of workflow" in answer.message)
    return answer.status == 200


def test_made_up_tokens_push_out_no_running_workflow(gateway: RunningGateway) -> None:
    assert write(gateway, "quiet@1", request_id(marked(1))) == 200
    ways = (("POST", "/compute/"), ("PUT", "/compute/"), ("DELETE", "/networking"))
    for number in range(FLOOD):
        method, path = ways[number % len(ways)]
        assert write(gateway, f"{MADE_UP}{number}", method=method, path=path) == 401
        assert gateway.recorder.seen == [], "nothing reaches a service"
    assert goes_on(gateway, marked(1))


def test_the_workflows_of_one_user_push_out_none_of_another(gateway: RunningGateway) -> None:
    assert write(gateway, "quiet@1", request_id(marked(2))) == 200
    assert write(gateway, "greedy@1", request_id(marked(3))) == 200
    for number in range(FLOOD):
        assert write(gateway, f"greedy@{number % 3}") == 200
    assert goes_on(gateway, marked(2))
    assert not goes_on(gateway, marked(3)), "its own oldest workflow is forgotten"


def test_the_users_of_another_cloud_share_one_part(gateway: RunningGateway) -> None:
    """Their cloud could make up a user for each request."""
    foreign = '{"*":"CloudTwo","image":"CloudTwo","compute":"CloudOne","network":"CloudOne"}'
    assert write(gateway, "quiet@1", request_id(marked(4))) == 200
    for number in range(OF_A_PEER + 1):
        headers = (auth(f"guest{number}@1!SCOPE!{foreign}"), *([request_id(marked(5))] if number == 0 else []))
        guest = Case("guest", refused(0), "/compute/", headers, "POST", to="compute.public", body="{}")
        assert gateway.send(guest).status == 200
    assert goes_on(gateway, marked(4))
    assert not goes_on(gateway, marked(5))
