# SPDX-License-Identifier: Apache-2.0
"""The scope in force for a configuration of openstacksdk, its source, and the cloud of each service."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from openstack.config.cloud_region import CloudRegion

from openstackoid.client.choice import NO_SCOPE, Choice, choice_of, chosen_scope, entry_of, known_names
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.scope import EVERY_OTHER, MARKER, Scope, ScopeError, parse_url_form, split_token

NOWHERE = "none"
IN_THE_URL = "the authentication URL"
IN_THE_TOKEN = "the token"  # noqa: S105 (a place, not a secret)


class InForce(NamedTuple):
    """A scope, or None, and its source."""

    scope: Scope | None
    source: str


@dataclass(frozen=True, slots=True)
class Served:
    """A service, its cloud or the expression of several, and the deciding entry of the scope."""

    service: str
    cloud: str
    because: str


def scope_in_force(region: CloudRegion) -> InForce:
    """Return the scope of requests: from the option, the environment, clouds.yaml, the URL or the token.

    Raises :class:`ScopeRefusedError` for an invalid scope, and for two that differ, which a gateway would refuse.
    """
    choice = choice_of(region.config, entry_of(region), region.name)
    found: list[InForce] = []
    switched_off = None
    if choice is not None:
        scope = chosen_scope(region.config, entry_of(region), region.name)
        if scope is None:
            switched_off = InForce(None, f"{choice.source} {NO_SCOPE}")
        else:
            found.append(InForce(scope, choice.source))
    auth = auth_of(region)
    clouds, services = known_names(region.config)
    in_url = _in_url(auth.get("auth_url"), clouds, services)
    if in_url is not None:
        found.append(InForce(in_url, IN_THE_URL))
    in_token = _in_token(auth.get("token"))
    if in_token is not None:
        found.append(InForce(Choice(in_token, IN_THE_TOKEN).scope(clouds, services), IN_THE_TOKEN))
    if not found:
        return switched_off or InForce(None, NOWHERE)
    first, *others = found
    for other in others:
        if other.scope != first.scope and first.scope is not None and other.scope is not None:
            raise ScopeRefusedError(
                f"two scopes differ, which a gateway refuses: {first.scope.to_header()} from {first.source}, "
                f"{other.scope.to_header()} from {other.source}"
            )
    return first


def auth_of(region: CloudRegion) -> dict[str, Any]:
    """Return the authentication options. The command's stand beside the entry's ``auth`` until a log-in, and win."""
    options = {key: region.config[key] for key in ("auth_url", "token") if region.config.get(key)}
    return {**(region.config.get("auth") or {}), **options}


def served(scope: Scope | None, home: str, services: Iterable[str]) -> list[Served]:
    """Return the clouds of each of ``services``, and the deciding entry of the scope."""
    asked = scope or Scope(())
    return [Served(service, asked.text_for(service, home), _reason(service, asked.entry_for(service))) for service in services]


def _reason(service: str, entry: str | None) -> str:
    if entry is None:
        return "home"
    if entry == service:
        return "own entry"
    return EVERY_OTHER if entry == EVERY_OTHER else f"follows {entry}"


def _in_url(url: object, clouds: Collection[str] | None, services: Collection[str] | None) -> Scope | None:
    """Return the scope in ``<identity>/scope/image=CloudTwo,compute=CloudOne/v3``, or None."""
    path = urlsplit(url).path if isinstance(url, str) else ""
    _, found, rest = path.partition(MARKER)
    if not found:
        return None
    try:
        return parse_url_form(rest.partition("/")[0], clouds=clouds, services=services)
    except ScopeError as error:
        raise ScopeRefusedError(f"{IN_THE_URL}, column {error.start + 1}: {error.reason}\n{error.pointer()}") from error


def _in_token(token: object) -> str | None:
    if not isinstance(token, str):
        return None
    try:
        return split_token(token)[1]
    except ScopeError as error:
        raise ScopeRefusedError(f"{IN_THE_TOKEN}: {error.reason}") from error
