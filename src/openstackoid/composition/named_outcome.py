# SPDX-License-Identifier: Apache-2.0
"""The outcome for a resource by a name that several clouds may have given: a container or an object of Swift."""

from collections.abc import Mapping, Sequence

from openstackoid.composition.errors import Failure
from openstackoid.composition.outcomes import Outcome, Refused, as_failure, has_it, is_unknown, item_outcome, shown


def named_outcome(name: str, clouds: Sequence[str], outcomes: Mapping[str, int | Failure]) -> Outcome | None:
    """Return the outcome of a search for a resource that is to be changed, or None until all clouds were heard.

    It is certain where one cloud has it, and all others deny it or refuse the user.
    """
    if any(cloud not in outcomes for cloud in clouds):
        return None
    having = [cloud for cloud in clouds if has_it(outcomes[cloud])]
    if len(having) > 1:
        return Refused(409, f"{' and '.join(having)} have '{shown(name)}'; nothing was changed; name one cloud")
    unknown = [as_failure(cloud, outcomes[cloud]) for cloud in clouds if is_unknown(outcomes[cloud])]
    if having and unknown:
        doubt = f"{having[0]} has '{shown(name)}', and it is not certain that no other cloud has; name one cloud"
        return Refused(503, f"{'; '.join(map(str, unknown))}; {doubt}")
    return item_outcome(name, clouds, outcomes)
