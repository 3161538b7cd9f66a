# SPDX-License-Identifier: Apache-2.0
"""Refusals of the bridge for part 10: of bound tokens, by delegation, and of users of other clouds.

Where the answer of a Keystone or of the record comes first, it is given. ``LEFT_OUT`` names the files whose refusals have no row.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from bench.errors import BenchError
from bench.gateway import AT
from openstackoid.binding import BoundTokenError, KeyRepository, Kind
from openstackoid.bridge.binding.binder import Binder
from openstackoid.bridge.binding.incoming import judged, opened
from openstackoid.bridge.binding.outgoing import Outgoing, TokenSender
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.authorization import Authorizer, entry_of
from openstackoid.bridge.identity.token_record import Changed, Full
from openstackoid.bridge.message.head import Head
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.policy import Claims, Denial, Policy, grant, principal_of
from openstackoid.policy.principal import UnfitError
from openstackoid.routing import Decision, Headers, Relay, Request, Single, decide
from openstackoid.scope import join_token

OF_PEERS = "the answer of another server comes first, and costs a request"
OF_PAGES = "a page of the gateway itself"
OF_CONNECTIONS = "the client, HAProxy or a file has failed: no request of a client leads there by itself"
OF_BODIES = "the body is read first, at the pace of its client"
LEFT_OUT = {
    "bridge/audit": OF_CONNECTIONS,
    "bridge/binding/exchange.py": OF_PEERS,
    "bridge/errors.py": OF_CONNECTIONS,
    "bridge/http": OF_CONNECTIONS,
    "bridge/identity/keystone_reader.py": OF_PEERS,
    "bridge/identity/local_projects.py": OF_PEERS,
    "bridge/identity/questions.py": OF_PEERS,
    "bridge/identity/token_validation.py": OF_PEERS,
    "bridge/message/body.py": OF_BODIES,
    "bridge/message/head.py": OF_CONNECTIONS,
    "bridge/pages": OF_PAGES,
    "bridge/proxy": OF_PEERS,
    "bridge/trace": OF_PAGES,
    "bridge/upstream": OF_PEERS,
    "policy/trial.py": OF_PAGES,
}
"""Files and folders whose refusals have no row, and why."""

_TOKEN, _PEER = "gAAAAAB" + "t" * 173, "Cloud2"
_HERE, _COMPUTE = '{"*":"CloudOne"}', '{"*":"CloudOne","compute":"Cloud2"}'
_DAY = 86_400
_KEYS = KeyRepository()
_BINDER, _OTHER, _EARLIER = Binder(_KEYS), Binder(), Binder(_KEYS, lambda: time.time() - 9 * _DAY)


@dataclass(frozen=True)
class BridgeRefusal:
    """A refusal; ``refuse`` makes it anew, in a mesh whose CloudOne has certificates."""

    key: str
    status: int
    refuse: Callable[[Mesh], AnswerError]


def refused(work: Callable[[], object]) -> AnswerError:
    """Return the error that some work raises."""
    try:
        work()
    except AnswerError as error:
        return error
    raise BenchError("the request is not refused")


def finished(work: Coroutine[Any, Any, object]) -> object:
    """Return the result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise BenchError("the refusal waits for something")


@dataclass(frozen=True)
class Asked:
    """A request to CloudOne's gateway."""

    headers: Headers
    method: str = "GET"
    service: str = "image"
    path: str = "/v2/images"
    query: str | None = None
    sender: str | None = _PEER

    def decided(self, mesh: Mesh) -> tuple[Head, Decision]:
        """Return its head and the decision; it has a plan."""
        endpoint = mesh.clouds[AT].endpoint(self.service, "public")
        if endpoint is None:
            raise BenchError(f"{AT} has no {self.service}")
        path = endpoint.frontend.prefix + self.path
        decision = decide(mesh, AT, Request(self.method, endpoint.listener, path, self.headers, sender=self.sender))
        if not isinstance(decision, Decision) or not isinstance(decision.plan, Single | Relay):
            raise BenchError(f"{self}: {decision}")
        return Head(self.method, endpoint.listener, path, self.query, self.headers, self.sender), decision


def bound(
    key: str, status: int, token: str, *more: tuple[str, str], kind: Kind = Kind.USER, binder: Binder = _BINDER, **asked: Any
) -> BridgeRefusal:
    """Return the refusal of a request with a bound token; ``token``: X-Auth-Token, with SEALED or CHANGED for the token."""

    @cache
    def headers() -> Headers:
        sealed = binder.bind(_TOKEN, kind, _PEER, _COMPUTE, _DAY)
        changed = sealed[:-1] + ("A" if sealed[-1] != "A" else "B")
        return tuple(
            (name, value.replace("SEALED", sealed).replace("CHANGED", changed))
            for name, value in (("X-Auth-Token", token), *more)
        )

    def work(mesh: Mesh) -> None:
        head, decision = Asked(headers(), **asked).decided(mesh)
        try:
            plan, of = opened(cast(Single, decision.plan), head, None, _BINDER, _DAY)
            verdict = judged(mesh.clouds[AT], replace(decision, plan=plan), head, of)
        except BoundTokenError as error:
            raise AnswerError(401, f"gateway of {AT}: {error}") from None
        if isinstance(verdict, Denial):
            raise AnswerError(403, f"gateway of {AT}: {verdict.reason}")

    return BridgeRefusal(f"bound token: {key}", status, lambda mesh: refused(lambda: work(mesh)))


def leaving(key: str, *headers: tuple[str, str], **asked: Any) -> BridgeRefusal:
    """Return the refusal of a request that would leave with a credential that cannot be bound."""
    sender = TokenSender(AT, _BINDER, cast(Any, None), cast(Any, None))

    def work(mesh: Mesh) -> None:
        head, decision = Asked(headers, sender=None, **asked).decided(mesh)
        finished(Outgoing(sender, mesh, decision, head).bound(cast(Single, decision.plan)))

    return BridgeRefusal(f"leaving: {key}", 400, lambda mesh: refused(lambda: work(mesh)))


def _policy(text: str) -> Policy:
    """Return the policy of a cloud, from the text of its description."""
    services = 'services: {image: {frontend: "http://one:80", backend: "http://one:81"}}'
    two = 'Cloud2: {services: {image: {frontend: "http://two:80"}}}'
    return parse_mesh(f"mesh: 1\nclouds: {{CloudOne: {{policy: {text}, {services}}}, {two}}}").clouds[AT].policy


def _people(services: str = "{image: all}", project: str = "apart", role: str = "member", more: str = "") -> Policy:
    people = f"{{name: members, roles: [{role}], project: {project}, services: {services}}}"
    return _policy(f"{{peers: {{Cloud2: {{people: [{people}]{more}}}}}}}")


def _document(**changes: Any) -> dict[str, Any]:
    domain = {"id": "default", "name": "Default"}
    named = {"id": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f", "name": "demo", "domain": domain}
    token = {"user": named, "project": named, "roles": [{"name": "member"}], **changes}
    return {"token": {key: value for key, value in token.items() if value is not None}}


def guest(
    key: str, status: int, policy: Policy, *, told: dict[str, Any] | None = None, record: object = None, **asked: Any
) -> BridgeRefusal:
    """Return the refusal of a user of Cloud2. ``told``: the token's document; ``record``: what the record of claims says."""
    headers = (
        ("X-Auth-Token", join_token(_TOKEN, '{"*":"Cloud2","image":"CloudOne","network":"CloudOne"}')),
        *asked.pop("more", ()),
    )

    user = None if told is None else principal_of(told)

    async def principal(*_: object) -> object:
        return user

    async def tell(*_: object) -> object:
        return record

    @cache
    def authorizer() -> Authorizer:
        made = Authorizer(cast(Any, SimpleNamespace(at=AT)), cast(Any, SimpleNamespace(tell=tell)))
        made.validator = cast(Any, SimpleNamespace(of=principal))
        return made

    known: dict[int, Mesh] = {}

    def work(mesh: Mesh) -> None:
        if id(mesh) not in known:
            known[id(mesh)] = replace(mesh, clouds={**mesh.clouds, AT: replace(mesh.clouds[AT], policy=policy)})
        head, decision = Asked(headers, **{"sender": None, **asked}).decided(mesh)
        plan = cast(Single, decision.plan)
        if plan.guest is None:
            raise BenchError(f"{key}: no guest")
        entry = entry_of(plan.guest, plan, head)
        finished(authorizer().authorize(entry, head, plan, mesh=known[id(mesh)], readers={}))

    def refuse(mesh: Mesh) -> AnswerError:
        if not known and status == 429:
            # The first request uses up what is allowed.
            refused(lambda: work(mesh))
        return refused(lambda: work(mesh))

    return BridgeRefusal(f"guest: {key}", status, refuse)


def unfit(key: str, **changes: Any) -> BridgeRefusal:
    """Return the refusal of a token of a kind that no policy accepts."""
    document = _document(**changes)

    def refuse(_: Mesh) -> AnswerError:
        try:
            principal_of(document)
        except UnfitError as error:
            return AnswerError(403, f"gateway of {AT}: {error}")
        raise BenchError(f"{key}: the token is accepted")

    return BridgeRefusal(f"unfit: {key}", 403, refuse)


_IMAGES = _people()
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_POST: dict[str, Any] = {"method": "POST"}
_TOKENS: dict[str, Any] = {"service": "identity", "path": "/v3/auth/tokens"}
_SHOWN = join_token("SEALED", _COMPUTE)
_APART = {"id": "5a1e0f6f4a0c5c0c9d3a7d1b2c3d4e5f", "name": "demo", "domain": {"id": "default", "name": "Default"}}
_NOBODY = _policy("{}")
_TWO_ENTRIES = _policy(
    "{peers: {Cloud2: {people: [{name: members, roles: [member], services: {image: all}},"
    " {name: readers, roles: [reader], services: {compute: all}}]}}}"
)

BRIDGE_REFUSALS = (
    bound("no gateway has sent it", 401, "SEALED", sender=None),
    bound("not of the form", 401, "bound1.A"),
    bound("another key", 401, "SEALED", binder=_OTHER),
    bound("another gateway", 401, "SEALED", sender="Cloud3"),
    bound("its time is over", 401, "SEALED", binder=_EARLIER),
    bound("changed", 401, "CHANGED"),
    bound("in another header", 401, "SEALED", ("X-Storage-Token", "SEALED")),
    bound("no scope beside it", 401, "SEALED"),
    bound("another scope beside it", 401, join_token("SEALED", _HERE)),
    bound("another method in the query", 403, _SHOWN, query="_method=PUT"),
    bound("a form", 403, _SHOWN, _FORM, **_POST),
    bound("a WebSocket", 403, _SHOWN, ("Upgrade", "websocket")),
    bound("delegation names no such request", 403, _SHOWN, **_POST),
    bound("a service's token", 403, _SHOWN, kind=Kind.SERVICE),
    bound("revocation by a service's token", 403, _SHOWN, kind=Kind.SERVICE, method="DELETE", **_TOKENS),
    bound("revocation", 403, _SHOWN, method="DELETE", **_TOKENS),
    leaving("a password in a header", ("X-Auth-Key", "k"), ("X-Scope", '{"image":"Cloud2"}')),
    leaving("a token in a body", ("X-Scope", '{"identity":"Cloud2"}'), **_POST, service="identity", path="/v2.0/tokens"),
    leaving("a token in a path", ("X-Scope", '{"identity":"Cloud2"}'), service="identity", path="/v2.0/tokens/T"),
    leaving(
        "a WebSocket of tokens", ("X-Scope", '{"messaging":"Queues"}'), ("Upgrade", "websocket"), service="message", path="/v2"
    ),
    guest("of no accepted cloud", 403, _NOBODY),
    guest("by another gateway", 403, _IMAGES, sender="Cloud3"),
    guest("no people", 403, _policy("{peers: {Cloud2: {services: {image: all}}}}")),
    guest("another service", 403, _people("{compute: all}")),
    guest("another request", 403, _people("{image: [GET /v2/images/*]}")),
    guest("not accepted by its Keystone", 401, _IMAGES),
    guest("beyond the rate", 429, _people(more=", budget: {requests: 1, seconds: 86400}"), told=_document(roles=[])),
    guest("no matching entry", 403, _IMAGES, told=_document(roles=[{"name": "other"}])),
    guest("another request of its entry", 403, _TWO_ENTRIES, told=_document(roles=[{"name": "reader"}])),
    guest("a project that cannot be kept", 403, _people(project="keep"), told=_document(project=_APART)),
    guest("other claims than before", 401, _IMAGES, told=_document(), record=Changed(Claims(b"", "rule"), first=False)),
    guest("too many tokens", 429, _IMAGES, told=_document(), record=Full(1.0, 1)),
    guest("another method in the query", 400, _IMAGES, query="_method=PUT"),
    guest("a form", 415, _IMAGES, more=(_FORM,), **_POST, service="network", path="/v2.0/ports"),
    unfit("a domain's", domain={"id": "d"}),
    unfit("without a project", project=None),
    unfit("of a project that is a domain", is_domain=True),
    BridgeRefusal(
        "relay: of no accepted cloud",
        403,
        lambda _: AnswerError(403, cast(Denial, grant(_NOBODY, _PEER, principal_of(_document()), None)).reason),
    ),
)
"""A refusal for each place that makes one before another server is asked."""
