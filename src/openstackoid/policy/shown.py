# SPDX-License-Identifier: Apache-2.0
"""Show a policy to its operator as a table: accepted users, their roles here, and their requests."""

from collections.abc import Iterator, Sequence

from openstackoid.policy.model import Condition, DomainScoped, MappingRule, PeerPolicy, Policy, Services
from openstackoid.policy.patterns import ANY, EVERY_REQUEST

_TITLES = ("rule", "users", "mapped to", "requests")


def shown(policy: Policy, cloud: str) -> Iterator[str]:
    """Yield the lines of the table of ``cloud``'s policy."""
    if not any(peer.people for peer in policy.peers):
        yield f"{cloud} lets in no user of another cloud: its policy has no 'people' of a peer."
        return
    yield f"{cloud} lets in these users, and caches validations by their Keystone for {policy.seconds:g} s:"
    for peer in policy.peers:
        yield ""
        yield f"{_whose(peer)}: {'; '.join(_limits(peer))}"
        rows = [_TITLES, *(_cells(peer, people) for people in peer.people)] if peer.people else []
        yield from _table([[[cell] if isinstance(cell, str) else cell for cell in row] for row in rows])


def _whose(peer: PeerPolicy) -> str:
    return "users of every cloud that is not named" if peer.cloud == ANY else f"users of {peer.cloud}"


def _limits(peer: PeerPolicy) -> Iterator[str]:
    others = "any cloud" if ANY in peer.through else " and ".join(peer.through)
    yield f"through their own cloud's gateway{f' and that of {others}' if others else ''}"
    if peer.rate is not None:
        yield f"{peer.rate:g} requests a second"
    if peer.budget is not None:
        yield f"{peer.budget.requests} requests in {peer.budget.seconds:g} s"
    if peer.tokens != PeerPolicy.tokens:
        yield f"{peer.tokens} tokens at a time"
    if not peer.people:
        yield "none: there is no entry of 'people'"


def _cells(peer: PeerPolicy, people: MappingRule) -> Sequence[Sequence[str]]:
    who = [*_condition("users", people.users), *_condition("projects", people.projects)]
    return [people.name], who or ["everybody"], list(_as_whom(people)), list(_for_what(peer.services_of(people)))


def _condition(what: str, condition: Condition) -> Iterator[str]:
    for key, values in (("domains", condition.domains), ("names", condition.names), ("ids", condition.ids)):
        if values:
            yield f"{what}.{key}: {', '.join(values)}"


def _as_whom(people: MappingRule) -> Iterator[str]:
    pairs = people.roles.pairs
    others = "any role" if len(pairs) == 1 else "any other role"
    for theirs, ours in pairs:
        yield f"{others if theirs == ANY else theirs}: {', '.join(ours) or 'dropped'}"
    match people.project:
        case DomainScoped(identity, name, domain):
            yield f"project: {name} ({identity}) of {domain.name}"
        case project:
            yield f"project: {project}"


def _for_what(services: Services) -> Iterator[str]:
    others = "every service" if len(services.entries) == 1 else "every other service"
    for service, requests in services.entries:
        name = others if service == ANY else service
        told = ["all"] if requests == (EVERY_REQUEST,) else [str(request) for request in requests] or ["nothing"]
        yield f"{name}: {told[0]}"
        yield from (f"{' ' * len(name)}  {request}" for request in told[1:])
    if not services.entries:
        yield "none: tokens are only validated"


def _table(rows: Sequence[Sequence[Sequence[str]]]) -> Iterator[str]:
    """Yield the lines of rows whose cells have several lines each."""
    widths = [max(len(line) for row in rows for line in row[column]) for column in range(len(_TITLES))] if rows else []
    for row in rows:
        for number in range(max(map(len, row))):
            cells = (cell[number] if number < len(cell) else "" for cell in row)
            yield "  " + "  ".join(f"{text:<{width}}" for text, width in zip(cells, widths, strict=True)).rstrip()
