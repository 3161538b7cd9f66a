# SPDX-License-Identifier: Apache-2.0
"""The outcome for a resource that is to be changed, once all clouds have been heard: certain, or an error of the gateway."""

from collections.abc import Mapping, Sequence

from openstackoid.composition.errors import Failure
from openstackoid.composition.outcomes import Outcome, Refused, as_failure, has_it, is_unique, is_unknown, item_outcome, shown

_SAY_WHICH = "nothing was changed; name one cloud in the scope"


def owner_outcome(id_: str, clouds: Sequence[str], outcomes: Mapping[str, int | Failure]) -> Outcome | None:
    """Return the outcome for a resource by its id, or None until all clouds were heard.

    A UUID is of the cloud that has it, whatever the others say; one that several have is in none for certain. Any other id is a
    name.
    """
    if not is_unique(id_):
        return named_outcome(id_, clouds, outcomes)
    if any(cloud not in outcomes for cloud in clouds):
        return None
    return _of_several(id_, clouds, outcomes) or item_outcome(id_, clouds, outcomes)


def named_outcome(name: str, clouds: Sequence[str], outcomes: Mapping[str, int | Failure]) -> Outcome | None:
    """Return the outcome for a resource by a name that several clouds may have given, or None until all clouds were heard.

    It is certain where one cloud has it, and all others deny it or refuse the user.
    """
    if any(cloud not in outcomes for cloud in clouds):
        return None
    unknown = [as_failure(cloud, outcomes[cloud]) for cloud in clouds if is_unknown(outcomes[cloud])]
    having = [cloud for cloud in clouds if has_it(outcomes[cloud])]
    if len(having) == 1 and unknown:
        doubt = f"{having[0]} has '{shown(name)}', and it is not certain that no other cloud has; {_SAY_WHICH}"
        return Refused(503, f"{'; '.join(map(str, unknown))}; {doubt}")
    return _of_several(name, clouds, outcomes) or item_outcome(name, clouds, outcomes)


def _of_several(id_: str, clouds: Sequence[str], outcomes: Mapping[str, int | Failure]) -> Refused | None:
    having = [cloud for cloud in clouds if has_it(outcomes[cloud])]
    return Refused(409, f"{' and '.join(having)} have '{shown(id_)}'; {_SAY_WHICH}") if len(having) > 1 else None
