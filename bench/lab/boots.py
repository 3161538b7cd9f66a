# SPDX-License-Identifier: Apache-2.0
"""The boot of a server, from the request to ACTIVE: straight at Nova, through the gateway, and with the image of the other cloud.

The compute node keeps no image: it fetches the image for each server. A server is deleted, and gone, before the next begins.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bench.lab.client import Client, expect
from bench.lab.goals import ACROSS, THROUGH
from bench.lab.place import HERE, THERE, Place
from bench.lab.samples import Sample
from bench.lab.things import Things, looked_for, until_active
from bench.lab.turns import drawn
from bench.lab.ways import IMAGE_THERE, STRAIGHT, plain, scoped

TITLE = "A server of 1 MiB of image, from the request to ACTIVE"


@dataclass(frozen=True)
class Boot:
    """One way of a boot: where Nova is asked, with which headers, and the cloud whose image it is."""

    key: str
    title: str
    client: Client
    headers: Callable[[str], Mapping[str, str]]
    baseline: str | None
    image_of: str


def boots(place: Place) -> tuple[Boot, ...]:
    """Return the ways of a boot."""
    near = place.frontend(HERE, "compute")
    return (
        Boot(STRAIGHT, f"straight, {HERE}", Client(place.backend(HERE, "compute")), plain, None, HERE),
        Boot(THROUGH, f"through {HERE}'s gateway", Client(near, place.tls()), plain, STRAIGHT, HERE),
        Boot(ACROSS, f"the image {THERE}'s", Client(near, place.tls()), scoped(IMAGE_THERE), STRAIGHT, THERE),
    )


def one_round(ways: tuple[Boot, ...], place: Place, things: Things) -> dict[str, Sample]:
    """Return a sample of each way by its key."""
    return {way.key: boot(way, place, things) for way in drawn(ways)}


def boot(way: Boot, place: Place, things: Things) -> Sample:
    """Boot a server, delete it, and return how long it took to be ACTIVE. Raises :class:`BenchError` where it fails."""
    headers = {**way.headers(things.token), "Content-Type": "application/json"}
    wanted = things.server(things.cirros[way.image_of])
    # A look of the same way first: the connection stands then.
    expect(way.client.ask_again("GET", looked_for(wanted, "ACTIVE"), headers), 200, way.title)
    before, began = place.processes.used(None), time.perf_counter()
    answer = way.client.ask("POST", "/v2.1/servers", headers, json.dumps(wanted).encode())
    accepted = time.perf_counter() - began
    server = expect(answer, 202, way.title).json()["server"]["id"]
    until_active(partial(_has, way, wanted, headers), f"{way.title}: a server")
    took, used = time.perf_counter() - began, place.processes.used(None) - before
    things.delete(HERE, server)
    return Sample(took, haproxy=used.haproxy, python=used.python, accepted=accepted)


def _has(way: Boot, wanted: Mapping[str, Mapping[str, str]], headers: Mapping[str, str], status: str) -> bool:
    answer = way.client.ask("GET", looked_for(wanted, status), headers)
    return bool(expect(answer, 200, way.title).json()["servers"])
