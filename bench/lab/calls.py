# SPDX-License-Identifier: Apache-2.0
"""What a workflow costs in calls: each request that the two gateways are sent for it, here and with a service of the other."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from bench.errors import BenchError
from bench.lab.client import Client, expect
from bench.lab.lines import GATEWAY, PYTHON, Call, GatewayLogs
from bench.lab.place import HERE, THERE, Place
from bench.lab.things import ABROAD, Things, until_active
from bench.lab.ways import IMAGE_THERE, plain, scoped
from bench.results import Part, Row
from bench.spread import Spread

FIRST, AGAIN = "first", "again"
"""With a token that nobody has seen before, and with the same token again."""

_WORDS = {FIRST: "with a new token", AGAIN: "again"}
_SUMS: tuple[tuple[str, Callable[[Call], bool]], ...] = (
    ("calls", lambda call: not call.by_python),
    ("calls_here", lambda call: call.gateway == HERE and not call.by_python),
    ("calls_there", lambda call: call.gateway == THERE and not call.by_python),
    ("calls_crossing", lambda call: call.sent_to == GATEWAY),
    ("calls_python", lambda call: call.sent_to == PYTHON),
    ("calls_validating", lambda call: call.validates and not call.by_python),
)
_SETTLED = 0.5
_NOTES = (
    "A call is a request that a gateway was sent; what another gateway's Python service asks is one, too. Of those that pass the"
    " Python service, the gateway's log has two lines, and the kinds count both.",
    "The user's log-in is not counted, nor are his looks at a server that boots. Kind by kind: in results.md.",
)


@dataclass(frozen=True)
class Workflow:
    """What a user does with one request. ``run`` is given a client of his cloud's gateway, the headers, and the cloud of the
    image; it returns a server's id, where there is one to be deleted."""

    key: str
    title: str
    service: str
    scope: str
    run: Callable[[Client, Mapping[str, str], str], str | None]


@dataclass(frozen=True)
class Form:
    """One form of a workflow: all here or with a service there, and whether the token is new."""

    workflow: Workflow
    cloud: str
    token: str

    @property
    def key(self) -> str:
        """Its name in results."""
        return f"{self.workflow.key}_{'here' if self.cloud == HERE else 'there'}_{self.token}"

    @property
    def title(self) -> str:
        """Its name for a reader."""
        return f"{self.workflow.title}, {'all here' if self.cloud == HERE else 'there'}, {_WORDS[self.token]}"


def workflows(things: Things) -> tuple[Workflow, ...]:
    """Return the workflows whose calls are counted."""

    def listing(path: str) -> Callable[[Client, Mapping[str, str], str], None]:
        def run(client: Client, headers: Mapping[str, str], _: str) -> None:
            expect(client.ask("GET", path, headers), 200, path)

        return run

    def boot(client: Client, headers: Mapping[str, str], cloud: str) -> str:
        wanted = things.server(things.cirros[cloud])
        told = {**headers, "Content-Type": "application/json"}
        answer = client.ask("POST", "/v2.1/servers", told, json.dumps(wanted).encode())
        server = expect(answer, 202, "to boot a server").json()["server"]["id"]
        # Straight at Nova, and by the run's own token, so that no gateway hears of it.
        until_active(partial(things.is_listed, HERE, wanted), "a server whose calls are counted")
        return str(server)

    return (
        Workflow("images", "image list", "image", IMAGE_THERE, listing("/v2/images")),
        Workflow("servers", "server list", "compute", ABROAD, listing("/v2.1/servers/detail")),
        Workflow("boot", "server create, the image", "compute", IMAGE_THERE, boot),
    )


def count(place: Place, things: Things, times: int, say: Callable[[str], None]) -> list[Part]:
    """Run each workflow so many times in each of its forms, and return the calls, in sums and each kind, as parts."""
    found: dict[Form, list[Counter[Call]]] = {}
    known = workflows(things)
    for number in range(times):
        say(f"calls: {number + 1} of {times}")
        for workflow in known:
            for cloud in (HERE, THERE):
                token = place.new_token()
                for form in (Form(workflow, cloud, FIRST), Form(workflow, cloud, AGAIN)):
                    found.setdefault(form, []).append(_count_one(form, token, place, things))
    least = {form: at_least(counts) for form, counts in found.items()}
    return [sums(least), *(kinds(key, least) for key in dict.fromkeys(form.workflow.key for form in least))]


def _count_one(form: Form, token: str, place: Place, things: Things) -> Counter[Call]:
    headers = plain(token) if form.cloud == HERE else scoped(form.workflow.scope)(token)
    # What came before, the log-in as well, may still have to be written down, or go on among services.
    time.sleep(_SETTLED)
    logs = GatewayLogs({cloud: place.lab.log(cloud, "gateway") for cloud in (HERE, THERE)})
    with closing(Client(place.frontend(HERE, form.workflow.service), place.tls())) as client:
        server = form.workflow.run(client, headers, form.cloud)
    calls = logs.calls()
    if server is not None:
        things.delete(HERE, server)
    if not calls:
        raise BenchError(f"{form.title}: the log of {HERE}'s gateway has no line of it")
    return calls


def at_least(counts: Sequence[Counter[Call]]) -> Counter[Call]:
    """Return the least number of each kind: what a service does by its clock, and not for the workflow, only adds to it."""
    return Counter({call: number for call in counts[0] if (number := min(counted[call] for counted in counts))})


def sums(least: Mapping[Form, Counter[Call]]) -> Part:
    """Return how many calls each form costs, and of what kind, and in relation to the workflow that stays here."""
    rows = []
    for form, calls in least.items():
        found = {name: sum(number for call, number in calls.items() if of(call)) for name, of in _SUMS}
        figures = {name: Spread.of([float(number)]) for name, number in found.items()}
        if form.cloud != HERE:
            at_home = least[Form(form.workflow, HERE, form.token)]
            figures["calls_ratio"] = Spread.of([found["calls"] / sum(at_home[call] for call in at_home if not call.by_python)])
        rows.append(Row(form.key, form.title, figures))
    return Part("calls", "Calls of a workflow, as the gateways have logged them", rows, list(_NOTES))


def kinds(key: str, least: Mapping[Form, Counter[Call]]) -> Part:
    """Return the calls of one workflow, each kind a row, with a figure for each form."""
    forms = [form for form in least if form.workflow.key == key]
    rows = []
    for call in sorted({call for form in forms for call in least[form]}):
        figures = {f"kind_{form.key.removeprefix(key + '_')}": Spread.of([float(least[form][call])]) for form in forms}
        where = f"{call.request} to {call.sent_to}{', by the Python service' if call.by_python else ''}"
        rows.append(Row(f"{call.gateway}: {where}", f"{call.gateway}: {where}", figures))
    return Part(f"calls_{key}", f"Calls of a workflow, kind by kind: {forms[0].workflow.title}", rows)
