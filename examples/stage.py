# SPDX-License-Identifier: Apache-2.0
"""A workflow played in front of a reader: each command as it would be typed, what it printed, and each claim checked."""

import shlex

from rich.console import Console
from rich.text import Text

from examples.session import Outcome, User

console = Console(highlight=False, soft_wrap=True)


class PromiseError(Exception):
    """Something is not as it was promised; the play ends and says what."""


def title(text: str) -> None:
    """Print a heading."""
    console.print()
    console.rule(Text(text, style="bold"), align="left")


def promise(text: str, holds: bool, otherwise: str = "") -> None:
    """Say that something holds, or end the play."""
    if not holds:
        raise PromiseError(f"not true: {text}. {otherwise}")
    console.print(Text(f"  ✔ {text}", style="green"))


def show_command(user: User, arguments: tuple[str, ...], scope: str | None) -> None:
    """Print a command as it would be typed."""
    shown = shlex.join(arguments)
    option = "" if scope is None else f" --os-scope '{scope}'"
    console.print(Text(f"\n{user.entry}$ openstack {shown}{option}", style="bold cyan"))


def run(user: User, *arguments: str, scope: str | None = None, code: int = 0) -> Outcome:
    """Run an ``openstack`` command in front of the reader; end the play when its exit code is another than ``code``."""
    show_command(user, arguments, scope)
    done = user.openstack(*arguments, scope=scope)
    console.print((done.stdout + done.stderr).rstrip(), markup=False)
    if done.code != code:
        raise PromiseError(f"the command above ended with {done.code}, {code} was expected")
    return done
