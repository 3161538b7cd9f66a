# SPDX-License-Identifier: Apache-2.0
"""Part 10: the Python service's CPU time for each refusal that it makes by itself.

``REFUSALS`` has a request for each place in the code that refuses one: a test finds these places. The mesh has
10,000 clouds, for messages that name some.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from bench.bridge_refusals import BRIDGE_REFUSALS, BridgeRefusal
from bench.compare import Rounds
from bench.errors import BenchError
from bench.gateway import AT
from bench.meshes import many_clouds
from bench.results import Part, Row
from bench.spread import Spread
from openstackoid.bridge.errors import AnswerError, error_answer
from openstackoid.mesh import Listener, Mesh, Tls, parse_mesh
from openstackoid.routing import Decision, Headers, Refuse, Request, decide, marked_id
from openstackoid.routing.hosts import MisdirectedError, listener_of
from openstackoid.scope import Scope, Times, join_token, parse

CLOUDS = 10_000
_PORTS = (1001, 1002, 1003), (2001, 2002, 2003), 3000
_ROOT = """\
      dns: {frontend: "http://127.0.0.1:1004", backend: "http://127.0.0.1:3000"}
      sharev2: {frontend: "http://127.0.0.1:1004/share", backend: "http://127.0.0.1:3000"}
      messaging: {frontend: "http://127.0.0.1:1005", backend: "http://127.0.0.1:3000"}
"""
_LONG_NAMES = tuple(f"{number:02}{'a' * 62}" for number in range(8))


def _further(name: str, *services: str) -> str:
    """Return the description of a cloud of these services alone."""
    listed = ", ".join(f'{service}: {{frontend: "http://{name.lower()}.example:2001/{service}"}}' for service in services)
    return f"  {name}: {{services: {{{listed}}}}}\n"


_FURTHER = (
    _further("Small", "identity", "image")
    + _further("Queues", "identity", "messaging")
    + "".join(_further(name, "identity", "image", "compute", "network") for name in _LONG_NAMES)
)
_REPEATS, _TRIES = 20, 5
"""Refusals of a try, and the tries of a round, of which the fastest counts: others that use the machine make all slower."""
_HOSTS = tuple(Listener(host, 80) for host in ("one.example", "two.example"))


@dataclass(frozen=True)
class Refusal:
    """A request that is refused.

    ``over_tls``: the gateway has certificates. ``hosts``: ``Host``, and the name in TLS, at a socket of two hosts. ``service``:
    the one whose socket is asked. ``long``: the scope has as many characters as it may.
    ``times``: between clouds. ``plain``: the clouds whose gateways read no operators. ``blocked``: those that are cut off.
    """

    key: str
    status: int = 400
    path: str = "/image/v2/images"
    headers: Headers = ()
    method: str = "GET"
    body: Any = None
    body_token: str | None = None
    recalled: Scope | None = None
    sender: str | None = None
    over_tls: bool = False
    hosts: tuple[str | None, str | None] | None = None
    service: str = "image"
    long: bool = False
    times: Times = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()

    def met_by(self, mesh: Mesh) -> Mesh:
        """Return the mesh of a gateway that refuses the request."""
        return replace(mesh, blocked=self.blocked) if self.blocked else mesh

    def decided(self, mesh: Mesh) -> AnswerError:
        """Return the error for the request. Raises :class:`BenchError` where it is not refused as it should be."""
        try:
            endpoint = mesh.clouds[AT].endpoint(self.service, "public")
            if endpoint is None:
                raise BenchError(f"{AT} has no {self.service}")
            listener = endpoint.listener if self.hosts is None else listener_of(_HOSTS, *self.hosts)
        except MisdirectedError as misdirected:
            return AnswerError(misdirected.status, f"gateway of {AT}: {misdirected.message}")
        request = Request(
            self.method,
            listener,
            self.path,
            self.headers,
            self.body_token,
            self.body,
            self.recalled,
            marked_id(UUID(int=1)),
            self.sender,
            times=self.times,
            plain=self.plain,
        )
        decision = decide(mesh, AT, request)
        if not isinstance(decision, Decision) or not isinstance(decision.plan, Refuse):
            raise BenchError(f"{self.key}: the request is not refused")
        return AnswerError(decision.plan.status, decision.plan.message, title=decision.plan.title)


def _scoped(key: str, text: str, **more: Any) -> Refusal:
    return Refusal(f"scope: {key}", headers=(_AUTH, ("X-Scope", text)), **more)


def _token(key: str, value: str) -> Refusal:
    return Refusal(f"token: {key}", headers=(("X-Auth-Token", value),))


_AUTH = ("X-Auth-Token", "token")
_TWO = '{"image":"Cloud2"}'
_TO_TWO = ("X-Scope", _TWO)
_MARKED = ("X-OpenStack-Request-Id", marked_id(UUID(int=2)))
_SERVERS, _TOKENS, _VOLUMES = "/compute/v2.1/servers", "/identity/v3/auth/tokens", "/compute/v2.1/servers/a/os-volume_attachments"
_LONG = "x" * 6000
_NEAR = json.dumps(dict.fromkeys(("*", "image", "compute", "network"), f"around({_LONG_NAMES[0]}, 1s)"))
_TOO_LONG = json.dumps(
    {service: "|".join(_LONG_NAMES[:most]) for service, most in (("*", 8), ("image", 8), ("compute", 8), ("network", 6))},
    separators=(",", ":"),
)

REFUSALS = (
    Refusal("path: no service", 404, "/nowhere"),
    Refusal("path: too long to decode", 414, f"/image/%41{_LONG}"),
    Refusal("path: a segment ..", path="/image/../compute"),
    Refusal("path: a backslash", path="/image/a\\b"),
    Refusal("path: a control character", path="/image/a%01"),
    Refusal("path: another service's when decoded", path="/%73hare/v2", service="dns"),
    Refusal("host: none", hosts=(None, None)),
    Refusal("host: unknown", 421, hosts=("three.example", None)),
    Refusal("host: of another connection", 421, hosts=("one.example", "two.example")),
    Refusal("header: twice", headers=(_TO_TWO, _TO_TWO)),
    Refusal("header: a scope in another one", headers=(_AUTH, ("X-Storage-Token", join_token("token", _TWO)))),
    Refusal("request id: twice", headers=(_AUTH, _MARKED, _MARKED)),
    Refusal("request id: unknown", 503, headers=(_AUTH, _MARKED)),
    Refusal("url: a scope twice", path="/image/scope/image=Cloud2/scope/image=Cloud2/v2"),
    Refusal("url: the path of another service", path="/scope/image=Cloud2/share/v2", service="dns"),
    Refusal("url: a signature", path="/image/scope/image=Cloud2/v2", headers=(("Authorization", "AWS4-HMAC-SHA256 x"),)),
    Refusal("scopes differ", headers=(("X-Auth-Token", join_token("token", _TWO)), ("X-Scope", '{"image":"Cloud3"}'))),
    Refusal(
        "workflow: another scope", 409, _SERVERS, (_AUTH, _TO_TWO, _MARKED), "POST", {}, recalled=parse('{"image":"Cloud3"}')
    ),
    Refusal("workflow: an unknown cloud", headers=(_AUTH, _MARKED), recalled=parse('{"image":"Gone"}')),
    Refusal("workflow: a service's token would leave", 403, headers=(_AUTH, _MARKED), recalled=parse(_TWO)),
    Refusal("target: no such service", path="/compute/v2.1/servers", headers=(_AUTH, ("X-Scope", '{"*":"Small"}'))),
    Refusal(
        "target: a gateway of an earlier release",
        path="/network/v2.0/ports",
        headers=(_AUTH, ("X-Scope", '{"network":"Cloud2","orchestration":"CloudOne | Cloud3"}')),
        method="POST",
        body={},
        plain=frozenset({"Cloud2"}),
    ),
    Refusal("loop", 508, headers=(_AUTH, ("X-Scope", '{"image":"Cloud3"}')), sender="Cloud2"),
    Refusal("force: not understood", path=_SERVERS, headers=(_AUTH, _TO_TWO, ("X-Scope-Force", "1")), method="POST", body={}),
    Refusal("collaboration", 409, _VOLUMES, (_AUTH, ("X-Scope", '{"block-storage":"Cloud2"}')), "POST", {}),
    Refusal(
        "service token: an issuer without a policy",
        403,
        headers=(_AUTH, ("X-Scope", '{"image":"CloudOne"}'), ("X-Service-Token", join_token("t", '{"*":"Cloud2"}'))),
    ),
    Refusal(
        "service token: of another gateway",
        403,
        headers=(_AUTH, _TO_TWO, ("X-Service-Token", join_token("t", '{"*":"Cloud2"}'))),
        over_tls=True,
    ),
    Refusal(
        "guest: a token of other characters",
        headers=(("X-Auth-Token", "tok en" + join_token("", '{"*":"Cloud2","image":"CloudOne"}')),),
    ),
    Refusal("blocked", 403, headers=(_AUTH, _TO_TWO), blocked=frozenset({"Cloud2"})),
    Refusal("at once: a cloud on both sides", headers=(_AUTH, ("X-Scope", '{"image":"(CloudOne | Cloud2) & CloudOne"}'))),
    Refusal("at once: a POST", headers=(_AUTH, ("X-Scope", '{"image":"CloudOne & Cloud2"}')), method="POST", body={}),
    Refusal(
        "keystone: a token of another cloud",
        path="/identity/v3/projects",
        headers=(_AUTH, ("X-Subject-Token", join_token("t", '{"*":"Cloud2"}'))),
    ),
    Refusal("keystone: no token with a scope", path="/identity/scope/identity=Cloud2/v2.0/tokens", method="POST"),
    _token("no token before the scope", join_token("", _TWO)),
    _token("two scopes", f"t~x!SCOPE!{_TWO}"),
    _token("two scopes in the newer form", f"{join_token('t', _TWO)}~x"),
    _token("quoted", "t%21SCOPE%21%7B%22image%22"),
    _token("quoted JSON", "t!SCOPE!%7B%22image%22"),
    _token("not base64url", "t~e$"),
    _token("not UTF-8", "t~_w"),
    _token("stray bits", "t~e31"),
    _token("no object", "t~W10"),
    _scoped("too large", "x" * 2100),
    _scoped("too large in JSON", '{"image":' + " " * 2100 + '"Cloud2"}'),
    _scoped("too large when it is completed", _TOO_LONG, long=True),
    _scoped(
        "too large with the clouds that are near", _NEAR, times={_LONG_NAMES[0]: dict.fromkeys(_LONG_NAMES[1:], 1.0)}, long=True
    ),
    _scoped("no object", "["),
    _scoped("empty", "{}"),
    _scoped("no colon", '{"image"}'),
    _scoped("no comma", '{"image":"Cloud2"x'),
    _scoped("more behind it", '{"image":"Cloud2"}x'),
    _scoped("an open string", '{"image'),
    _scoped("no string", "{1}"),
    _scoped("a service twice", '{"image":"Cloud2","image":"Cloud2"}'),
    _scoped("a cloud without the service", '{"compute":"Small"}'),
    _scoped("a service without a name", '{"":"Cloud2"}'),
    _scoped("an unknown service", '{"imagee":"Cloud2"}'),
    _scoped("an unofficial service", '{"container":"Cloud2"}'),
    _scoped("identity of several", '{"identity":"CloudOne|Cloud2"}'),
    _scoped("a cloud without a name", '{"image":""}'),
    _scoped("no cloud's name", '{"image":"Cloud,Two"}'),
    _scoped("an unknown cloud", '{"image":"' + "Cloud100000" * 5 + '"}'),
    _scoped("not served", '{"image":"(CloudOne & Cloud2 | Cloud3) & Cloud4"}'),
    _scoped("no word", '{"image":"CloudOne | ?"}'),
    _scoped("too many clouds", json.dumps({"image": " | ".join(["Cloud2", "Cloud3"] * 5)})),
    _scoped(
        "too many near clouds",
        json.dumps({name: "|".join(f"around(CloudOne,{n}s)" for n in range(1, 7)) for name in ("network", "image", "compute")}),
        long=True,
    ),
    _scoped("two names", '{"image":"(CloudOne) Cloud2"}'),
    _scoped("no time at all", '{"image":"around(CloudOne)"}'),
    _scoped("no name", '{"image":"CloudOne | "}'),
    _scoped("reserved", '{"image":"CloudOne % Cloud2"}'),
    _scoped("a wrong character", '{"image":"CloudOne ~ Cloud2"}'),
    _scoped("a wrong time", '{"image":"around(CloudOne, -1ms)"}'),
    _scoped("an open quote", '{"image":"CloudOne & \'Cloud2"}'),
    _scoped("a further service", '{"image":"CloudOne | compute=Cloud2"}'),
    _scoped("a name too long", '{"image":"CloudOne | ' + "a" * 65 + '"}'),
    _scoped("no such function", '{"image":"far(CloudOne)"}'),
    _scoped("deep parentheses", '{"image":"' + "(" * 40 + 'CloudOne"}'),
    _scoped("no time", '{"image":"around(CloudOne, 1h)"}'),
    _scoped("no bracket", '{"image":"(CloudOne"}'),
    _scoped("no entry", "image"),
    _scoped("no entry among others", "image=Cloud2,compute"),
)
"""A request for each place that refuses one."""


def meshes(clouds: int) -> dict[bool, Mesh]:
    """Return a mesh of some clouds, and of some with few services; by whether CloudOne has certificates."""
    mesh = parse_mesh(many_clouds(clouds, *_PORTS).replace("    services:\n", f"    services:\n{_ROOT}", 1) + _FURTHER)
    here = replace(mesh.clouds[AT], tls=Tls("/c/CloudOne.pem", "/c/authority.pem"))
    return {False: mesh, True: replace(mesh, clouds={**mesh.clouds, AT: here})}


def measure_refusals(rounds: Rounds) -> Part:
    """Measure part 10."""
    found = meshes(CLOUDS)
    rows = []
    for refusal in REFUSALS:
        mesh = refusal.met_by(found[refusal.over_tls])
        rows.append(_row(refusal, partial(refusal.decided, mesh), rounds))
    rows += [_row(refusal, partial(refusal.refuse, found[True]), rounds) for refusal in BRIDGE_REFUSALS]
    notes = ["The decision, the error and the answer; the request is read as any other one is."]
    return Part("refusals", f"Refusals that the Python service makes by itself, in a mesh of {CLOUDS:,} clouds", rows, notes)


def _row(refusal: Refusal | BridgeRefusal, refuse: Callable[[], AnswerError], rounds: Rounds) -> Row:
    rounds.say(refusal.key)
    status = error_answer(refuse()).status
    if status != refusal.status:
        raise BenchError(f"{refusal.key}: refused with {status}, not with {refusal.status}")
    costs = Spread.of([min(_cost(refuse) for _ in range(_TRIES)) for _ in range(rounds.count)])
    is_long = isinstance(refusal, Refusal) and refusal.long
    return Row(refusal.key, refusal.key, {"long_refusal_us" if is_long else "refusal_us": costs})


def _cost(refuse: Callable[[], AnswerError]) -> float:
    began = time.process_time()
    for _ in range(_REPEATS):
        error_answer(refuse())
    return (time.process_time() - began) / _REPEATS * 1e6
