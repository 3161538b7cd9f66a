# SPDX-License-Identifier: Apache-2.0
"""Part 1: what routing by scope costs, beside plain HAProxy forwarding."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.compare import Rounds, Way, in_turns, rates_and_costs
from bench.headers import AUTH, GUEST, REQUEST_ID, scope
from bench.instructions import count_instructions
from bench.load import Request
from bench.meshes import IMAGE_BYTES, OFFICIAL, TOKEN
from bench.results import Part, Row
from bench.spread import Spread
from bench.stage import Stage
from openstackoid.scope import join_token

SERVER = json.dumps({"server": {"name": "bench", "imageRef": "16a6b227", "flavorRef": "1", "networks": "auto"}})


def ways(stage: Stage) -> list[Way]:
    """Return the ways that are compared. In a scope of several services, the one asked for is CloudOne's, as is Keystone."""
    stays, leaves = scope(image="CloudOne"), scope(image="CloudTwo")
    in_turns = scope(image="CloudOne | CloudTwo")
    two = scope(compute="CloudTwo", image="CloudOne")
    eight = f"X-Scope: {json.dumps({name: 'CloudOne' if name in ('identity', 'image') else 'CloudTwo' for name in OFFICIAL})}"
    token = "X-Auth-Token: " + join_token(TOKEN, '{"*":"CloudOne","image":"CloudOne"}')
    plain, ours = stage.plain.pid, stage.ours.haproxy
    request = Request(stage.url("plain"), (AUTH,))
    own = replace(request, url=stage.url("one"))
    ports = replace(request, url=stage.url("image", IMAGE_BYTES.removeprefix("/image")))
    guest = replace(own, headers=GUEST)
    write = Request(
        stage.url("one", "/compute/v2.1/servers"),
        (AUTH, leaves, "Content-Type: application/json"),
        method="POST",
        body=SERVER,
    )
    return [
        Way("plain", "plain HAProxy", request, plain, baseline=None),
        Way("silent", "plain HAProxy that logs nothing", replace(request, url=stage.url("silent")), stage.silent.pid),
        Way("none", "no scope", own, ours),
        Way("request_id", "no scope, an ordinary X-OpenStack-Request-Id", replace(own, headers=(AUTH, REQUEST_ID)), ours),
        Way("stays", "a scope that stays", replace(own, headers=(AUTH, stays)), ours),
        Way("stays_2", "a scope of 2 services", replace(own, headers=(AUTH, two)), ours),
        Way("stays_8", "a scope of 8 services", replace(own, headers=(AUTH, eight)), ours),
        Way("token", "a scope in the token, as services send it", replace(own, headers=(token,)), ours),
        Way("leaves", "a scope that leaves", replace(own, headers=(AUTH, leaves)), ours, served_by="CloudTwo"),
        Way("in_turns", "a scope of two clouds in turn, the first answers", replace(own, headers=(AUTH, in_turns)), ours),
        Way("guest", "a known guest, of another gateway; beside a scope that stays", guest, ours, baseline="stays"),
        Way("ports_none", "a port per service, no scope", ports, stage.ours_ports.haproxy),
        Way(
            "ports_stays",
            "a port per service, a scope that stays",
            replace(ports, headers=(AUTH, stays)),
            stage.ours_ports.haproxy,
        ),
        Way("write", "a scoped write, through the Python service", write, ours, stage.ours.bridge, connections=16),
    ]


def measure_routing(stage: Stage, rounds: Rounds) -> Part:
    """Measure part 1."""
    compared = ways(stage)
    rows = rates_and_costs(compared, in_turns(compared, rounds))
    notes = ["Log lines go to /dev/null. In operation the Python service reads them: the part 'scale' says what that takes."]
    rounds.say("instructions")
    instructions = count_instructions(stage.haproxy, stage.cores, stage.folder / "instructions", rounds.seconds)
    if instructions is None:
        notes.append("valgrind is not installed: instructions are not counted, and routing is not judged.")
    found = with_instructions(rows, instructions or {}, {way.key: way.baseline for way in compared})
    if bound := _counted("bound_tls", instructions or {}, "plain_tls"):
        found.append(Row("bound_tls", "a scope that leaves over TLS, with a bound token; beside plain HAProxy over TLS", bound))
    return Part(
        "routing",
        "Routing: GET of 1 KB, in relation to plain HAProxy",
        found,
        notes,
        not_judged=frozenset({"instructions_ratio", "cpu_us"} if instructions is None else ()),
    )


def with_instructions(rows: Sequence[Row], instructions: Mapping[str, float], baselines: Mapping[str, str | None]) -> list[Row]:
    """Return the rows with the instructions of a request, by the row's key, and their ratio to those of its baseline."""
    return [replace(row, figures=_counted(row.key, instructions, baselines[row.key]) | row.figures) for row in rows]


def _counted(key: str, instructions: Mapping[str, float], baseline: str | None) -> dict[str, Spread]:
    if key not in instructions:
        return {}
    figures = {"instructions": Spread.of([instructions[key]])}
    if baseline is not None:
        figures["instructions_ratio"] = Spread.of([instructions[key] / instructions[baseline]])
    return figures
