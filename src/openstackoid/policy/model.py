# SPDX-License-Identifier: Apache-2.0
"""The policy of a cloud: immutable, and empty unless its operator wrote one."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from openstackoid.policy.patterns import ANY, EVERY_REQUEST, RequestPattern, names

KEEP: Literal["keep"] = "keep"
APART: Literal["apart"] = "apart"

TokenStep = Literal["login", "exchange", "revocation"]
"""An operation on tokens: get one by a password or the like, get one for another one, revoke one."""

AuditMode = Literal["strict", "reads", "uploads"]


@dataclass(frozen=True, slots=True)
class Use:
    """A request as a policy judges it: ``path`` is below the service's root, decoded and normalised (``called_path``)."""

    service: str
    method: str
    path: str


@dataclass(frozen=True)
class Services:
    """The allowed requests of each official service type; ``*`` is for every service without an entry."""

    entries: tuple[tuple[str, tuple[RequestPattern, ...]], ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, tuple[RequestPattern, ...]]:
        return dict(self.entries)

    def requests(self, service: str) -> tuple[RequestPattern, ...]:
        """Return the allowed requests of a service; none without an entry."""
        return self._by_name.get(service, self._by_name.get(ANY, ()))

    def allows(self, use: Use) -> bool:
        """Return whether the request is allowed."""
        return any(pattern.matches(use.method, use.path) for pattern in self.requests(use.service))

    def __str__(self) -> str:
        told = (
            f"{service}: {'all' if requests == (EVERY_REQUEST,) else ', '.join(map(str, requests))}"
            for service, requests in self.entries
        )
        return "; ".join(told) or "nothing"


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of a Keystone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class DomainScoped:
    """A user or a project, with its domain."""

    id: str
    name: str
    domain: Domain


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a user or a project: each list that is not empty must match.

    ``domains`` holds names or ids, ``names`` patterns, ``ids`` ids.
    """

    domains: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def miss(self, what: str, owned: DomainScoped) -> str | None:
        """Return which list does not match, in words that begin with ``what``; None if all match."""
        if self.domains and owned.domain.id not in self.domains and owned.domain.name not in self.domains:
            return f"{what}.domains does not name its domain"
        if self.names and not any(names(pattern, owned.name) for pattern in self.names):
            return f"{what}.names does not name it"
        if self.ids and owned.id not in self.ids:
            return f"{what}.ids does not have it"
        return None


@dataclass(frozen=True)
class Roles:
    """The roles here for each of a peer's roles: pairs of theirs (``*`` for any other) and ours.

    Ours are written by the operator. Theirs are compared without case, as services do.
    """

    pairs: tuple[tuple[str, tuple[str, ...]], ...]

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(theirs.lower() for theirs, _ in self.pairs)

    def granted(self, having: Collection[str]) -> tuple[str, ...]:
        """Return our roles for these of theirs, each once, in the order of the policy."""
        held = {role.lower() for role in having}
        others = bool(held - self._named)
        ours: dict[str, str] = {}
        for theirs, given in self.pairs:
            if others if theirs == ANY else theirs.lower() in held:
                for role in given:
                    ours.setdefault(role.lower(), role)
        return tuple(ours.values())


@dataclass(frozen=True)
class MappingRule:
    """An entry of ``people``: its conditions, and the user, project and roles here.

    ``project``: ``keep`` (the same id), ``apart`` (a computed id), or a project of this cloud. ``services``: the allowed
    requests in place of the peer's; None for the peer's.
    """

    name: str
    roles: Roles
    users: Condition = Condition()
    projects: Condition = Condition()
    project: Literal["keep", "apart"] | DomainScoped = APART
    services: Services | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of requests in a number of seconds."""

    requests: int
    seconds: float


@dataclass(frozen=True)
class PeerPolicy:
    """The policy for the users of one cloud, or with ``*`` of every cloud without an entry.

    ``through``: other clouds whose gateways may bring requests of these users (``*``: any). ``rate``: requests a second.
    ``tokens``: tokens of these users recorded at a time.
    """

    cloud: str
    people: tuple[MappingRule, ...] = ()
    services: Services = Services()
    through: tuple[str, ...] = ()
    rate: float | None = None
    budget: Budget | None = None
    tokens: int = 20_000

    def services_of(self, people: MappingRule) -> Services:
        """Return the allowed requests of an entry."""
        return self.services if people.services is None else people.services

    def rule(self, people: MappingRule) -> str:
        """Return the name of an entry in audit lines: the peer as the policy writes it, and the entry."""
        return f"{self.cloud}/{people.name}"


@dataclass(frozen=True)
class Delegation:
    """The requests that a peer may send here in the name of this cloud's own users; with ``*``, each peer without an entry.

    ``users`` and ``services``: the requests in the name of users, and by tokens of services. ``tokens``: the steps by which
    tokens are given out or revoked. ``images``: images may be read where the bound scope gives the peer compute or block storage.
    """

    cloud: str
    users: Services = Services()
    services: Services = Services()
    tokens: tuple[TokenStep, ...] = ()
    images: bool = True


@dataclass(frozen=True)
class Policy:
    """A cloud's policy. Without peers it lets no user of another cloud in.

    ``seconds``: how long a validation by a peer's Keystone is cached. ``token_cache_time``: how long a service here may cache a
    validation; 300 s is the default of keystonemiddleware. ``audit``: the requests whose audit line may be written
    after the answer, so that HAProxy serves them alone: none (``strict``), reads, or also uploads.
    """

    seconds: float = 60.0
    peers: tuple[PeerPolicy, ...] = ()
    token_cache_time: float = 300.0
    audit: AuditMode = "reads"
    delegation: tuple[Delegation, ...] = ()

    @property
    def recorded_seconds(self) -> float:
        """How long recorded claims of a token count."""
        return max(self.seconds, self.token_cache_time)

    @cached_property
    def _by_cloud(self) -> dict[str, PeerPolicy]:
        return {peer.cloud: peer for peer in self.peers}

    def of(self, issuer: str) -> PeerPolicy | None:
        """Return the policy for the users of another cloud: its entry, that of ``*``, or None."""
        return self._by_cloud.get(issuer, self._by_cloud.get(ANY))

    def delegated_to(self, peer: str) -> Delegation:
        """Return the delegation to a peer: its own entry, else that of ``*``, else the default."""
        entries = {entry.cloud: entry for entry in self.delegation}
        return entries.get(peer) or entries.get(ANY) or Delegation(peer)


NOBODY = Policy()
"""The policy of a cloud without one."""
