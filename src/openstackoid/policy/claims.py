# SPDX-License-Identifier: Apache-2.0
"""The claims of a token: user, project, roles and other attributes, and the mapping rule that applied.

A gateway compares them at each validation, so it keeps digests: long names cost no memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from openstackoid.policy.judge import Grant
from openstackoid.policy.model import DomainScoped
from openstackoid.policy.principal import Principal

_SIZE = 16
_NAMES = (
    "user id",
    "user name",
    "user domain",
    "project id",
    "project name",
    "project domain",
    "roles",
    "other attributes",
    "rule",
    "roles here",
    "project here",
)
"""The claims with a digest, in order."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one token. ``rule``: the policy's entry; ``digests``: one for each name, concatenated."""

    digests: bytes
    rule: str

    @property
    def user(self) -> bytes:
        """The digest of the user's id."""
        return self.digests[:_SIZE]

    @property
    def sound(self) -> bool:
        """Whether each name has a digest, as in claims written by this release."""
        return len(self.digests) == len(_NAMES) * _SIZE

    def changes(self, later: "Claims") -> tuple[str, ...]:
        """Return the names of the claims that differ in ``later``."""
        places = range(0, len(self.digests), _SIZE)
        return tuple(
            name
            for name, place in zip(_NAMES, places, strict=True)
            if self.digests[place : place + _SIZE] != later.digests[place : place + _SIZE]
        )


def claims_of(principal: Principal, granted: Grant) -> Claims:
    """Return the claims of the token of ``principal`` with the grant ``granted``."""
    return Claims(
        b"".join(blake2b(text.encode(), digest_size=_SIZE).digest() for text in _texts(principal, granted)), granted.rule
    )


def _texts(principal: Principal, granted: Grant) -> Iterator[str]:
    yield from _owned(principal.user)
    yield from _owned(principal.project)
    # Keystone names roles in any order.
    yield "\n".join(sorted(set(principal.roles)))
    yield principal.attributes
    yield granted.rule
    yield "\n".join(granted.roles)
    yield "\n".join(_owned(granted.project)) if isinstance(granted.project, DomainScoped) else granted.project


def _owned(owned: DomainScoped) -> tuple[str, str, str]:
    return owned.id, owned.name, f"{owned.domain.id}\n{owned.domain.name}"
