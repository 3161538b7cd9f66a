# SPDX-License-Identifier: Apache-2.0
"""A peer whose certificate is wrong is told apart from one that is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from openstackoid.bridge.pages.peer_watch import PeerWatch
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.mesh import parse_mesh
from unit.bridge.haproxy import haproxy
from unit.bridge.stage import played
from unit.bridge.test_proof import answering, folder

__all__ = ["folder"]


@asynccontextmanager
async def asked(folder: Path, port: int) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield two answers of the peer at a port, one after the other."""
    tls = f"{{certificate: '{folder}/CloudOne.pem', authority: '{folder}/authority.pem'}}"
    identity = "identity: {{frontend: 'https://127.0.0.1:{}/id'{}}}"
    mesh = parse_mesh(
        f"mesh: 1\nclouds:\n  CloudOne:\n    gateway: {{timeouts: {{connect: 0.5}}, tls: {tls}}}\n"
        f"    services: {{{identity.format(8801, ', backend: http://127.0.0.1:1')}}}\n"
        f"  CloudTwo: {{services: {{{identity.format(port, '')}}}}}\n"
    )
    (folder / "state").mkdir()
    async with haproxy(mesh, folder / "state") as socket:
        upstream = Upstream("CloudOne", socket)
        upstream.reasons.tls = mesh.clouds["CloudOne"].tls
        watch = PeerWatch(upstream)
        first = (await watch.document(mesh))["CloudTwo"]
        # HAProxy refuses the second question, for it remembers the failure of the first.
        watch = PeerWatch(upstream)
        try:
            yield [first, (await watch.document(mesh))["CloudTwo"]]
        finally:
            await upstream.close()


@pytest.mark.parametrize("certificate", ["CloudOne.pem", "other/CloudTwo.pem"])
@played
async def test_a_wrong_certificate_is_told_also_while_the_failure_is_remembered(folder: Path, certificate: str) -> None:
    async with (
        answering(folder / certificate, folder / "authority.pem", {}) as (port, _),
        asked(folder, port) as answers,
    ):
        assert [(answer["reached"], answer["certificate"]) for answer in answers] == [(False, True)] * 2
        assert all("its certificate is not" in answer["fault"] for answer in answers)


@played
async def test_a_peer_that_is_away_has_no_wrong_certificate(folder: Path) -> None:
    async with asked(folder, 1) as answers:
        assert [(answer["reached"], answer["certificate"]) for answer in answers] == [(False, False)] * 2


@played
async def test_a_good_certificate_is_told_by_the_answer(folder: Path) -> None:
    async with answering(folder / "CloudTwo.pem", folder / "authority.pem", {}) as (port, _), asked(folder, port) as answers:
        assert [(answer["reached"], answer["certificate"]) for answer in answers] == [(True, False)] * 2
