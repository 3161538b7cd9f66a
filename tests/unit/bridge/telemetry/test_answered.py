# SPDX-License-Identifier: Apache-2.0
"""An answer of the Python service is counted by its route, service, other cloud and the part at fault."""

from types import SimpleNamespace
from typing import cast

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.executor import Executor
from openstackoid.bridge.telemetry.answered import PAGE, answered
from openstackoid.mesh import parse_mesh
from openstackoid.telemetry import GATEWAY, PEER, SERVICE, Served
from unit.bridge.http.test_server import MESH

HERE = parse_mesh(MESH.format(service="image", port=1)).clouds["CloudOne"]
ERROR = AnswerError(403, "gateway of CloudOne: the policy refuses it")


def head(path: str = "/image/v2/images", sender: str | None = None) -> Head:
    return Head("GET", HERE.endpoints[0].listener, path, None, (), sender)


def executor(cloud: str) -> Executor:
    return cast(Executor, SimpleNamespace(cloud=cloud, decision=SimpleNamespace(route="bridge", plan=None)))


def test_an_answer_of_a_cloud_has_its_route_and_service() -> None:
    assert answered(HERE, head(), executor("CloudOne"), None, 200) == Served("bridge", "image", "", 200)
    assert answered(HERE, head(), executor("CloudTwo"), None, 503) == Served("bridge", "image", "CloudTwo", 503, PEER)
    assert answered(HERE, head(sender="CloudTwo"), executor("CloudOne"), None, 500) == Served(
        "bridge", "image", "CloudTwo", 500, SERVICE
    )


def test_a_refusal_and_a_page_have_routes_of_their_own() -> None:
    assert answered(HERE, None, None, ERROR, 400) == Served("refuse", "none", "", 400, refused=True)
    assert answered(HERE, head("/nowhere"), None, None, 200) == Served(PAGE, "none", "", 200)
    assert answered(HERE, None, None, AnswerError(500, "a defect"), 500) == Served("refuse", "none", "", 500, GATEWAY, True)
