# SPDX-License-Identifier: Apache-2.0
"""Part 5, the way out: a request of the Python service to its own HAProxy, on a kept connection and on one of its own."""

import asyncio
import time
from pathlib import Path

from multidict import CIMultiDict

from bench.compare import Rounds
from bench.cores import on
from bench.errors import BenchError
from bench.gateway import runtime_in
from bench.results import Row
from bench.spread import Spread, ratios
from bench.stage import Stage
from openstackoid.bridge.message.verbatim import Outgoing
from openstackoid.bridge.upstream.to_haproxy import ToHaproxy
from openstackoid.routing.backend_names import TARGET

_REQUESTS = 200
"""Requests of each kind in a round, one after another."""

_WAYS = {"sent_kept": ("GET", "kept connection"), "sent_single": ("DELETE", "connection of its own")}


def measure_own_haproxy(stage: Stage, rounds: Rounds) -> list[Row]:
    """Return what sending costs the Python service: a read, which has a kept connection, and a write without a body.

    Raises :class:`BenchError` for an answer that is not the service's.
    """
    with on(stage.cores.gateway):
        costs = asyncio.run(_costs(Path(runtime_in(stage.folder / "ours").upstream_socket), rounds.count))
    baseline = costs["sent_single"]
    return [
        Row(
            key,
            f"sent by Python to HAProxy, {words}",
            {"bridge_us": Spread.of(costs[key]), "cpu_ratio": ratios(costs[key], baseline)},
        )
        for key, (_, words) in _WAYS.items()
    ]


async def _costs(path: Path, count: int) -> dict[str, list[float]]:
    client = ToHaproxy(path)
    costs: dict[str, list[float]] = {key: [] for key in _WAYS}
    try:
        for _ in range(count + 1):
            for key, (method, _) in _WAYS.items():
                began = time.process_time()
                for _ in range(_REQUESTS):
                    await _ask(client, method)
                costs[key].append((time.process_time() - began) / _REQUESTS * 1e6)
    finally:
        await client.close()
    # The first round warms up.
    return {key: values[1:] for key, values in costs.items()}


async def _ask(client: ToHaproxy, method: str) -> None:
    headers = CIMultiDict({"Host": "bench", TARGET: "image.public|"})
    async with await client.send(method, Outgoing("/v2/images", headers, None)) as answer:
        await answer.read()
        if answer.status != 200:
            raise BenchError(f"HAProxy answers the Python service {answer.status}")
