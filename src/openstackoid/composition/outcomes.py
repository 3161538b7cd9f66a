# SPDX-License-Identifier: Apache-2.0
"""The answer that follows from the outcomes of all clouds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openstackoid.composition.errors import CompositionError, Failure, Fault

PARTIAL = "X-Scope-Partial"
"""The header of an answer that lacks clouds: their names, each with a status or a word."""

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_LATER = (408, 429)
"""The errors by which a cloud asks the client to come back later; whether it has the resource is not said."""
_STATUSES = {Fault.UNREACHABLE: 503, Fault.TIMEOUT: 504, Fault.PLACE_LOST: 400}


@dataclass(frozen=True, slots=True)
class Composed:
    """The composed answer. ``partial``: the value of the header :data:`PARTIAL`, or None."""

    partial: str | None = None


@dataclass(frozen=True, slots=True)
class PassOn:
    """The answer of one cloud as it came."""

    cloud: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the gateway."""

    status: int
    message: str


Outcome = Composed | PassOn | Refused


def composed_outcome(clouds: Sequence[str], failures: Sequence[Failure], *, strict: bool) -> Outcome:
    """Return the outcome of a list, a sum or an intersection, once all clouds have answered or failed.

    A 401 is passed on, so that the client logs in again. If all fail, the first failure is the answer.
    """
    if not failures:
        return Composed()
    by_cloud = {failure.cloud: failure for failure in failures}
    ordered = [by_cloud[cloud] for cloud in clouds if cloud in by_cloud]
    for failure in ordered:
        if failure.fault is Fault.PLACE_LOST:
            return Refused(400, f"marker: {failure}; list again from the start")
    for failure in ordered:
        if failure.status == 401:
            return PassOn(failure.cloud)
    if len(ordered) == len(clouds):
        first = ordered[0]
        return PassOn(first.cloud) if first.fault is Fault.STATUS else Refused(_status(first), _said(ordered))
    return Refused(502, f"the scope is strict, and {_said(ordered)}") if strict else Composed(partial(ordered))


def item_outcome(id_: str, clouds: Sequence[str], outcomes: Mapping[str, int | Failure]) -> Outcome | None:
    """Return the outcome of a GET of one resource by its id, or None as long as the clouds that are out may decide.

    ``outcomes``: the status of each cloud that has answered, or its failure. A UUID is in one cloud only, so the first cloud that
    has it answers; another id may be in several, of which the first of the scope answers. Where the only fault is a 408 or 429,
    it is passed on with its time to come back.
    """
    for cloud in clouds:
        outcome = outcomes.get(cloud)
        if outcome is None and not is_unique(id_):
            return None
        if outcome is not None and has_it(outcome):
            return PassOn(cloud)
    if any(cloud not in outcomes for cloud in clouds):
        return None
    for cloud in clouds:
        if outcomes[cloud] == 401:
            return PassOn(cloud)
    unknown = [as_failure(cloud, outcomes[cloud]) for cloud in clouds if is_unknown(outcomes[cloud])]
    if any(failure.status not in _LATER for failure in unknown):
        return Refused(503, f"{_said(unknown)}; no other cloud of the scope has '{shown(id_)}'")
    later = [failure.cloud for failure in unknown]
    refused = [cloud for cloud in clouds if outcomes[cloud] != 404]
    return PassOn((later or refused or list(clouds))[0])


def partial(failures: Sequence[Failure]) -> str:
    """Return the value of the header of a partial answer."""
    return ", ".join(f"{failure.cloud}={failure.word}" for failure in failures)


def refusal(error: CompositionError) -> Refused:
    """Return an error of a request as an outcome."""
    return Refused(error.status, str(error))


def is_unique(id_: str) -> bool:
    """Return whether an id is one that no two clouds give: a UUID in any form."""
    return _UUID.fullmatch(id_) is not None


def has_it(outcome: int | Failure) -> bool:
    """Return whether the cloud has the resource for certain."""
    return isinstance(outcome, int) and 200 <= outcome < 400


def is_unknown(outcome: int | Failure) -> bool:
    """Return whether the cloud may have the resource all the same."""
    return not isinstance(outcome, int) or outcome >= 500 or outcome in _LATER


def as_failure(cloud: str, outcome: int | Failure) -> Failure:
    """Return the failure of a cloud; a status that does not answer the question is one."""
    return Failure(cloud, Fault.STATUS, outcome) if isinstance(outcome, int) else outcome


def shown(id_: str) -> str:
    """Return a name of a client's or a cloud's for a message: its first 64 characters, the printable ones as they are."""
    return "".join(character if character.isprintable() else "?" for character in id_[:64])


def _status(failure: Failure) -> int:
    return _STATUSES.get(failure.fault, 502)


def _said(failures: Sequence[Failure]) -> str:
    return "; ".join(map(str, failures))
