# SPDX-License-Identifier: Apache-2.0
"""Which examples are played in which role."""

from examples.example import Example, theirs, user, visitor
from examples.scopes import EXAMPLES


def examples_for(role: str) -> tuple[Example, ...]:
    """Return all examples for a member; for an administrator, those in which the user's role has a say."""
    if role == "member":
        return EXAMPLES
    return tuple(
        example for example in EXAMPLES if example.who in (user, theirs, visitor) and not example.name.startswith("ill-")
    )
