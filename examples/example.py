# SPDX-License-Identifier: Apache-2.0
"""An example of a scope, and the users who play it."""

from collections.abc import Callable

from examples.outcomes import Expected
from examples.people import People
from examples.session import User

BOOT = ("server", "create", "--flavor", "m1.tiny", "--image", "cirros", "--wait")


class Example:
    """A command of one of the people, its scope, and what must come of it."""

    def __init__(self, name: str, who: Callable[[People], User], command: str, scope: str | None, expected: Expected) -> None:
        self.name = name
        self.who = who
        self.command = tuple(command.split())
        self.scope = scope
        self.expected = expected

    def row(self, cast: People) -> str:
        """Return the example as a row of the documents' table."""
        scope = "" if self.scope is None else f"`{self.scope}`".replace("|", r"\|")
        return f"| `{self.name}` | {self.who(cast).entry} | `{' '.join(self.command)}` | {scope} | {self.expected.text} |"


def user(cast: People) -> User:
    """A user of CloudOne, at CloudOne's gateway."""
    return cast.user


def theirs(cast: People) -> User:
    """The same role in CloudTwo, at CloudTwo's gateway."""
    return cast.theirs


def visitor(cast: People) -> User:
    """A user of CloudTwo, at CloudOne's gateway."""
    return cast.visitor


def admin_here(cast: People) -> User:
    """CloudOne's administrator, at CloudOne's gateway."""
    return cast.admin


def visiting_admin(cast: People) -> User:
    """CloudTwo's administrator, at CloudOne's gateway."""
    return cast.visiting_admin
