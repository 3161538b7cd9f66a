# SPDX-License-Identifier: Apache-2.0
"""The entries of the log-in form: a label, and an authentication URL with a scope."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

from openstackoid.horizon.errors import HorizonError
from openstackoid.mesh import DEFAULT_PORTS, Cloud, Mesh, some_of
from openstackoid.scope import IDENTITY, MARKER, Scope, ScopeError, parse

MOST_REGIONS = 1000
"""A form with more entries is unusable: ten thousand clouds have a hundred million pairs."""
_LABEL = re.compile(r"[^\"\\{}%]{1,100}")
_IN_SEGMENT = "=,*()"
"""Characters that a path segment may hold as they are."""


@dataclass(frozen=True, slots=True)
class Region:
    """One entry of the form: ``url`` is for programs, ``label`` for people."""

    url: str
    label: str


def homes_of(mesh: Mesh, names: Sequence[str] | None) -> list[Cloud]:
    """Return the clouds whose users log in at the dashboard, by default all that have a Keystone.

    Raises :class:`HorizonError` for an unknown cloud, or if no cloud has one.
    """
    for name in names or ():
        if name not in mesh.clouds:
            raise HorizonError(f"the mesh has no cloud '{name}'; known: {some_of(mesh.clouds)}")
    chosen = list(dict.fromkeys(names or (name for name, services in mesh.offers.items() if IDENTITY in services)))
    if not chosen:
        raise HorizonError(f"no cloud of the mesh has the service '{IDENTITY}', where users log in")
    return [mesh.clouds[name] for name in chosen]


def default_regions(mesh: Mesh, homes: Sequence[Cloud]) -> list[Region]:
    """Return each cloud of ``homes`` alone, and with the images of each other cloud."""
    lenders = [name for name, services in mesh.offers.items() if "image" in services]
    pairs = (
        Region(scoped_url(home, Scope.of({"image": lender})), f"{home.name} with {lender}'s images")
        for home in homes
        for lender in lenders
        if lender != home.name
    )
    return _checked(chain(_alone(homes), pairs))


def chosen_regions(mesh: Mesh, homes: Sequence[Cloud], offers: Sequence[str]) -> list[Region]:
    """Return each cloud of ``homes`` alone, and with each of ``offers``, written ``EXPR=LABEL``.

    Raises :class:`HorizonError` for an invalid scope or label.
    """
    scopes = [_offer(mesh, offer) for offer in offers]
    several = len(homes) > 1
    regions = (
        Region(scoped_url(home, scope), f"{home.name}: {label}" if several else label)
        for home in homes
        for scope, label in scopes
    )
    return _checked(chain(_alone(homes), regions))


def _alone(homes: Iterable[Cloud]) -> Iterable[Region]:
    return (Region(scoped_url(home, None), home.name) for home in homes)


def scoped_url(home: Cloud, scope: Scope | None) -> str:
    """Return the authentication URL of ``home`` with a scope. It ends in a version, for Horizon asks for none.

    Raises :class:`HorizonError` for a cloud without a Keystone.
    """
    endpoint = home.endpoint(IDENTITY, "public")
    if endpoint is None:
        raise HorizonError(f"users cannot log in at {home.name}: the mesh description gives it no service '{IDENTITY}'")
    url = endpoint.frontend
    origin = url.origin().removesuffix(f":{DEFAULT_PORTS[url.scheme]}")
    form = "" if scope is None else ",".join(f"{service}={text}" for service, text in scope.items())
    return f"{origin}{url.prefix}{form and MARKER + quote(form, _IN_SEGMENT)}/v3"


def _offer(mesh: Mesh, offer: str) -> tuple[Scope, str]:
    text, _, label = offer.rpartition("=")
    label = label.strip()
    if not text or _LABEL.fullmatch(label) is None or not label.isprintable():
        raise HorizonError(
            f"--scope {offer!r}: EXPR=LABEL is accepted, as in image=CloudTwo=Images of CloudTwo; a label has at most 100"
            ' characters, without = " \\ { } and %'
        )
    try:
        return parse(text, services=mesh.known_services, clouds=mesh.known_clouds, offers=mesh.offers), label
    except ScopeError as error:
        raise HorizonError(
            f"--scope {offer!r}: the scope {text!r} with the label {label!r}: column {error.start + 1}: {error.reason}"
        ) from None


def _checked(regions: Iterable[Region]) -> list[Region]:
    """Return the regions. Horizon keeps a session's region by its label, and finds it by its URL: both are unique."""
    found: list[Region] = []
    labels: dict[str, str] = {}
    urls: dict[str, str] = {}
    for region in regions:
        if region.label in labels:
            raise HorizonError(f"two scopes have the label {region.label!r}; give each its own")
        if region.url in urls:
            raise HorizonError(f"{urls[region.url]!r} and {region.label!r} are the same scope; name it once")
        labels[region.label], urls[region.url] = region.url, region.label
        found.append(region)
        if len(found) > MOST_REGIONS:
            raise HorizonError(
                f"there are more than {MOST_REGIONS} scopes to offer, and no user finds one in such a list",
                hint="name the clouds whose users log in here (--cloud), and the scopes that they need (--scope)",
            )
    return found
