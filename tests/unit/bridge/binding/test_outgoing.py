# SPDX-License-Identifier: Apache-2.0
"""Credentials that cannot be bound do not leave: the requests of the benchmark of refusals."""

import pytest

from bench.bridge_refusals import BRIDGE_REFUSALS, BridgeRefusal
from bench.refusals import meshes
from openstackoid.mesh import Mesh

LEAVING = {refusal.key.partition(": ")[2]: refusal for refusal in BRIDGE_REFUSALS if refusal.key.startswith("leaving: ")}


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return meshes(3)[True]


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (LEAVING["a password in a header"], "X-Auth-Key cannot be bound to Cloud2"),
        (LEAVING["a token in a body"], "a token in the body cannot be bound to Cloud2"),
        (LEAVING["a WebSocket of tokens"], "the messages of a WebSocket to message hold tokens, which cannot be bound to Queues"),
    ],
)
def test_a_credential_that_cannot_be_bound_is_refused_by_name(mesh: Mesh, refusal: BridgeRefusal, message: str) -> None:
    """Zaqar is `message` in the mesh, in whichever way its catalog calls it."""
    refused = refusal.refuse(mesh)
    assert (refused.status, refused.message.startswith(f"gateway of CloudOne: {message}")) == (400, True), refused.message
