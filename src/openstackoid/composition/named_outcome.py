# SPDX-License-Identifier: Apache-2.0
"""The outcome for a resource by a name that several clouds may have given: a container or an object of Swift."""

from collections.abc import Mapping, Sequence

from openstackoid.composition.errors import Failure, Fault
from openstackoid.composition.outcomes import Outcome, Refused, item_outcome


def is_unknown(outcome: int | Failure) -> bool:
    """Return whether a cloud with this outcome may have the resource all the same."""
    return not isinstance(outcome, int) or outcome >= 500 or outcome in (408, 429)


def named_outcome(name: str, clouds: Sequence[str], outcomes: Mapping[str, int | Failure]) -> Outcome | None:
    """Return the outcome of a search for a resource that is to be changed, or None until all clouds were heard.

    It is certain where one cloud has it, and all others deny it or refuse the user.
    """
    if any(cloud not in outcomes for cloud in clouds):
        return None
    having = [cloud for cloud in clouds if isinstance(found := outcomes[cloud], int) and 200 <= found < 400]
    shown = "".join(mark if mark.isprintable() else "?" for mark in name[:64])
    if len(having) > 1:
        return Refused(409, f"{' and '.join(having)} have '{shown}'; nothing was changed; name one cloud")
    unknown = [(cloud, outcomes[cloud]) for cloud in clouds if is_unknown(outcomes[cloud])]
    if having and unknown:
        said = "; ".join(
            str(Failure(cloud, Fault.STATUS, found) if isinstance(found, int) else found) for cloud, found in unknown
        )
        return Refused(503, f"{said}; {having[0]} has '{shown}', and it is not certain that no other cloud has; name one cloud")
    return item_outcome(name, clouds, outcomes)
