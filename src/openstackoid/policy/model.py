# SPDX-License-Identifier: Apache-2.0
"""Whose users a cloud lets in, for what, and as whom: immutable, and empty unless its operator wrote something."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from openstackoid.policy.patterns import ANY, EVERY_REQUEST, RequestPattern, names

KEEP: Literal["keep"] = "keep"
APART: Literal["apart"] = "apart"

AuditMode = Literal["strict", "reads", "uploads"]


@dataclass(frozen=True, slots=True)
class Use:
    """A request as a policy judges it: ``path`` is below the service's root, decoded and normalised (``called_path``)."""

    service: str
    method: str
    path: str


@dataclass(frozen=True)
class Services:
    """For each service, by its official type, the requests that may be made; ``*`` stands for every service not named."""

    entries: tuple[tuple[str, tuple[RequestPattern, ...]], ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, tuple[RequestPattern, ...]]:
        return dict(self.entries)

    def requests(self, service: str) -> tuple[RequestPattern, ...]:
        """Return what may be asked of a service; nothing if it has no entry."""
        return self._by_name.get(service, self._by_name.get(ANY, ()))

    def allows(self, use: Use) -> bool:
        """Return whether the request may be made."""
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
    """A user or a project, and the domain that owns it."""

    id: str
    name: str
    domain: Domain


@dataclass(frozen=True, slots=True)
class Condition:
    """What a user, or a project, must be; each list that is not empty must have it.

    ``domains`` holds names or ids, ``names`` patterns, ``ids`` ids.
    """

    domains: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def miss(self, what: str, owned: DomainScoped) -> str | None:
        """Return which list does not have the user or project, in words that begin with ``what``; None if all have it."""
        if self.domains and owned.domain.id not in self.domains and owned.domain.name not in self.domains:
            return f"{what}.domains does not name its domain"
        if self.names and not any(names(pattern, owned.name) for pattern in self.names):
            return f"{what}.names does not name it"
        if self.ids and owned.id not in self.ids:
            return f"{what}.ids does not have it"
        return None


@dataclass(frozen=True)
class Roles:
    """What each of a peer's roles is here: pairs of theirs, ``*`` for any that is not named, and ours.

    Ours are only ever those that the operator wrote. Theirs are compared as OpenStack's services compare roles: without
    regard to upper and lower case.
    """

    pairs: tuple[tuple[str, tuple[str, ...]], ...]

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(theirs.lower() for theirs, _ in self.pairs)

    def granted(self, having: Collection[str]) -> tuple[str, ...]:
        """Return our roles for one who has these of theirs, each once, in the order of the policy."""
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
    """An entry of ``people``: whom it is about, and as whom they come in.

    ``project``: ``keep`` their project with its id; ``apart``, with an id of its own here; or a project of this cloud.
    ``services``: what they may do, in the place of what the peer's users may; None where the entry does not say.
    """

    name: str
    roles: Roles
    users: Condition = Condition()
    projects: Condition = Condition()
    project: Literal["keep", "apart"] | DomainScoped = APART
    services: Services | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests in how many seconds."""

    requests: int
    seconds: float


@dataclass(frozen=True)
class PeerPolicy:
    """What holds for the users of one cloud, or with ``*`` for those of every cloud that has no entry.

    ``through``: the other clouds whose gateways may bring requests of these users (``*``: any). ``rate``: requests a second.
    ``tokens``: how many tokens of these users are recorded at a time.
    """

    cloud: str
    people: tuple[MappingRule, ...] = ()
    services: Services = Services()
    through: tuple[str, ...] = ()
    rate: float | None = None
    budget: Budget | None = None
    tokens: int = 20_000

    def services_of(self, people: MappingRule) -> Services:
        """Return what an entry's people may do."""
        return self.services if people.services is None else people.services

    def rule(self, people: MappingRule) -> str:
        """Return the name of an entry in audit lines: the peer, as the policy writes it, and the entry."""
        return f"{self.cloud}/{people.name}"


@dataclass(frozen=True)
class Policy:
    """A cloud's policy. Without peers nobody is let in.

    ``seconds``: how long what a peer's Keystone said is believed. ``token_cache_time``: how long a service here may keep what it
    was told of a token; 300 s is the default of keystonemiddleware. ``audit``: of which requests the line in the audit log may be
    written after the answer, so that HAProxy serves them alone: of none (``strict``), of reads, or also of uploads.
    """

    seconds: float = 60.0
    peers: tuple[PeerPolicy, ...] = ()
    token_cache_time: float = 300.0
    audit: AuditMode = "reads"

    @property
    def recorded_seconds(self) -> float:
        """How long the claims of a token count, once they were told to the gateway or to a service."""
        return max(self.seconds, self.token_cache_time)

    @cached_property
    def _by_cloud(self) -> dict[str, PeerPolicy]:
        return {peer.cloud: peer for peer in self.peers}

    def of(self, issuer: str) -> PeerPolicy | None:
        """Return what holds for the users of a cloud: its own entry, else that of ``*``, else None. Not for this cloud's own."""
        return self._by_cloud.get(issuer, self._by_cloud.get(ANY))


NOBODY = Policy()
"""The policy of a cloud whose operator wrote none."""
