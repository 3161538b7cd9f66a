# SPDX-License-Identifier: Apache-2.0
"""Delegation: the requests that a peer may send here in the name of this cloud's own users and services.

A peer that serves a user of this cloud has a token that is bound to its gateway. It may always have the token validated: without
that it could not serve the user. All else is named by the operator, but for reading images where the scope has the peer run
servers or volumes of them.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from openstackoid.policy.judge import Denial
from openstackoid.policy.model import Delegation, TokenStep, Use

_READS = ("GET", "HEAD")
_IMAGE = "image"
_READERS_OF_IMAGES = frozenset({"compute", "block-storage"})
_IMAGE_PATHS = re.compile(r"(/versions|/v2([.][0-9]+)?(/images(/[^/]+(/file)?)?|/schemas(/[^/]+)?)?)?")
"""Paths by which a compute node or a volume service reads images: versions, schemas, lists, an image and its bytes."""


@dataclass(frozen=True, slots=True)
class Delegated:
    """A request as delegation judges it.

    ``use``: None for the validation of a token. ``step``: the request's operation on tokens. ``of_service``: the token of
    the request is that of a service. ``given``: the services that the bound scope gives to the peer.
    """

    use: Use | None
    step: TokenStep | None = None
    of_service: bool = False
    given: Collection[str] = ()


def may_ask(delegation: Delegation, asked: Delegated) -> str | Denial:
    """Return the name of the rule that allows a request, or the denial."""
    entry, use = f"delegation of {delegation.cloud}", asked.use
    if asked.step is not None:
        return _may_step(delegation, asked.step, asked)
    if use is None:
        return f"{entry}/validation"
    allowed, owner = (delegation.services, "services") if asked.of_service else (delegation.users, "users")
    if allowed.allows(use):
        return f"{entry}/{owner}"
    if not asked.of_service and delegation.images and _reads_image(use) and _READERS_OF_IMAGES.intersection(asked.given):
        return f"{entry}/images"
    return Denial(None, f"'delegation' in the policy here names no such request to {use.service} in the name of {owner} here")


def _may_step(delegation: Delegation, step: TokenStep, asked: Delegated) -> str | Denial:
    """Return the name of the rule that allows a step with tokens, or the denial. A service's token is no way to another one."""
    named = step == "revocation" and asked.use is not None and delegation.services.allows(asked.use)
    if asked.of_service and not named:
        return Denial(None, f"{_STEPS[step]} by way of a peer is not for the token of a service")
    if step in delegation.tokens:
        return f"delegation of {delegation.cloud}/{step}"
    return Denial(None, f"{_STEPS[step]} by way of a peer is for 'delegation' in the policy here to name")


_STEPS = {"login": "a log-in", "exchange": "a token for another one", "revocation": "the revocation of a token"}


def _reads_image(use: Use) -> bool:
    return use.service == _IMAGE and use.method in _READS and _IMAGE_PATHS.fullmatch(use.path) is not None
