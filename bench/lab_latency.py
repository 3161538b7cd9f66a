# SPDX-License-Identifier: Apache-2.0
"""``make bench-lab``: what the gateways add to a request on the real lab, which must be up.

Five ways of ``GET /v2/images`` take turns, so that a noisy machine disturbs all alike: straight to Glance's process; through the
cloud's own gateway, without and with a scope; to the other cloud's Glance straight, and across both gateways. The token is an
ordinary member's of CloudOne; each Glance has validated and cached it before the clock starts. Each question has a connection of
its own; how long it takes to be made, with TLS where there is a gateway, is a column by itself.
"""

import argparse
import http.client
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import openstack
import yaml
from rich.console import Console
from rich.table import Table

from examples.session import NoLabError, lab_with, tls

SCOPE = '{"image":"CloudTwo"}'
DONE = '{"*":"CloudOne","image":"CloudTwo"}'


@dataclass
class Way:
    """One way to ask for the images, and the seconds that each question took, and its connection before."""

    name: str
    url: str
    headers: dict[str, str]
    baseline: str
    took: list[float] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)

    def ask(self) -> tuple[float, float]:
        """Ask once, on a connection of its own; return how long the whole answer took, and the connection, in seconds."""
        parts = urlsplit(self.url)
        connection = self._connection(parts.hostname or "", parts.port)
        began = time.perf_counter()
        connection.connect()
        started = time.perf_counter()
        connection.request("GET", f"{parts.path}/v2/images", headers=self.headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"bench: {self.name}: {answer.status} from {self.url}")
        return time.perf_counter() - started, started - began

    def _connection(self, host: str, port: int | None) -> http.client.HTTPConnection:
        if self.url.startswith("https:"):
            return http.client.HTTPSConnection(host, port, timeout=60, context=tls())
        return http.client.HTTPConnection(host, port, timeout=60)


def ways() -> list[Way]:
    """Return the ways, from what the lab says of itself."""
    status = lab_with("CloudOne", "CloudTwo")
    folder = Path(status["state_dir"])
    mesh = yaml.safe_load((folder / "mesh.yaml").read_text(encoding="utf-8"))["clouds"]
    one, two = mesh["CloudOne"]["services"]["image"], mesh["CloudTwo"]["services"]["image"]
    cloud = openstack.config.OpenStackConfig(config_files=[str(folder / "clouds.yaml")], load_envvars=False).get_one("CloudOne")
    token = str(cloud.get_session().get_token())
    plain, marked = {"X-Auth-Token": token}, {"X-Auth-Token": f"{token}!SCOPE!{DONE}"}
    return [
        Way("CloudOne, straight to Glance", one["backend"], plain, ""),
        Way("CloudOne, through its gateway", one["frontend"], plain, "CloudOne, straight to Glance"),
        Way(
            "the same, with a scope that stays",
            one["frontend"],
            plain | {"X-Scope": '{"image":"CloudOne"}'},
            "CloudOne, straight to Glance",
        ),
        Way("CloudTwo, straight to Glance", two["backend"], marked, ""),
        Way("CloudTwo, across both gateways", one["frontend"], plain | {"X-Scope": SCOPE}, "CloudTwo, straight to Glance"),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="bench.lab_latency", description="What the gateways add to a request on the real lab.")
    parser.add_argument("--rounds", type=int, default=200, help="questions by each way (default: 200)")
    rounds = parser.parse_args(argv).rounds
    if rounds < 2:
        parser.error("--rounds: 2 or more are needed")
    try:
        compared = ways()
    except NoLabError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    for way in compared:
        for _ in range(8):
            way.ask()
    for number in range(rounds):
        for way in compared[number % len(compared) :] + compared[: number % len(compared)]:
            took, connected = way.ask()
            way.took.append(took)
            way.connected.append(connected)
    medians = {way.name: statistics.median(way.took) for way in compared}
    table = Table(title=f"GET /v2/images, {rounds} rounds, milliseconds")
    for heading in ("way", "median", "p10", "p90", "added", "ratio", "connect"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for way in compared:
        deciles = statistics.quantiles(way.took, n=10)
        figures = [medians[way.name], deciles[0], deciles[-1]]
        base = medians.get(way.baseline)
        compare = ["", ""] if base is None else [f"{(medians[way.name] - base) * 1000:+.2f}", f"{medians[way.name] / base:.3f}"]
        connection = f"{statistics.median(way.connected) * 1000:.2f}"
        table.add_row(way.name, *(f"{figure * 1000:.2f}" for figure in figures), *compare, connection)
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
