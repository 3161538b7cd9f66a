# SPDX-License-Identifier: Apache-2.0
"""Part 9, composition: one list of 100,000 items, merged from the answers of several clouds, and requests.

Each round of a list without sockets is a process of its own (:mod:`bench.merging`), whose memory can be told from that of an
idle one. :mod:`bench.composed_list` has the list through a gateway, :mod:`bench.composed` the requests.
"""

import json
import subprocess
import sys
from pathlib import Path

from bench.compare import Rounds
from bench.composed import SLACK_MS, measure_composed
from bench.composed_list import measure_composed_list
from bench.cores import on
from bench.errors import BenchError
from bench.results import Part, Row
from bench.spread import Spread
from openstackoid.haproxy.binary import Haproxy

ITEMS = 100_000
_WAYS = {
    "stream": "ports in one answer",
    "links": "the same, links rewritten",
    "pages": "servers, by pages of 1,000",
    "images": "images, of which equal ones are shown once, by pages of 1,000",
}
_CLOUDS = (2, 8)
_FEWEST = 2000
_MOST_ROUNDS = 3
"""A merge of so many items takes seconds, and its figures differ little."""
_PATIENCE = 300


def measure_composition(haproxy: Haproxy, folder: Path, rounds: Rounds) -> Part:
    """Merge a list in each way, of 2 and of 8 clouds, in turns, a shorter one if each has less than a second; send requests."""
    items = min(ITEMS, max(_FEWEST, int(ITEMS * rounds.seconds)))
    found: dict[str, list[dict[str, float]]] = {}
    count = min(rounds.count, _MOST_ROUNDS)
    for number in range(count):
        for way in _WAYS:
            for clouds in _CLOUDS:
                rounds.say(f"round {number + 1} of {count}: {way} of {clouds} clouds")
                with on(rounds.cores.gateway):
                    found.setdefault(f"{way}_{clouds}", []).append(_merge(way, clouds, items))
    rows = [
        Row(
            f"{way}_{clouds}",
            f"{clouds} clouds: {title}",
            {name: Spread.of([one[name] for one in found[f"{way}_{clouds}"]]) for name in ("items_rate", "grown_mb")},
        )
        for way, title in _WAYS.items()
        for clouds in _CLOUDS
    ]
    title = f"Composition: a merged list of {items:,} items of 1.5 KiB, and requests to several clouds"
    rows += measure_composed_list(haproxy, folder, rounds, items, count)
    rows += measure_composed(haproxy, folder, rounds)
    notes = [
        "Counted is the CPU time from the bytes of the clouds' answers to those of the merged ones; through a gateway, that of "
        "HAProxy and the Python service, the time from the request to the last byte, and the memory of the Python service.",
        f"The ratio of several clouds at once is without {SLACK_MS:g} ms of their time.",
    ]
    return Part("composition", title, rows, notes)


def _merge(way: str, clouds: int, items: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.merging", way, str(clouds), str(items)]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE)
    except subprocess.SubprocessError as error:
        raise BenchError(f"composition: {way} of {clouds} clouds was not measured: {error}") from None
    result: dict[str, float] = json.loads(done.stdout)
    return result
