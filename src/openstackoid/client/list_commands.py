# SPDX-License-Identifier: Apache-2.0
"""The list commands of ``openstack`` and of its plugins that have the column ``Cloud``: ``list_commands.txt``, as a table."""

from importlib.resources import files
from typing import NamedTuple


class ListCommand(NamedTuple):
    """The services that a command asks, and the collection of the merged list that it shows, or None."""

    services: tuple[str, ...]
    collection: str | None


def _commands() -> dict[str, ListCommand]:
    text = files("openstackoid.client").joinpath("list_commands.txt").read_text(encoding="ascii")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            services, name, *collection = line.split()
            found[name] = ListCommand(tuple(services.split(",")), collection[0].strip(".") if collection else None)
    return found


COMMANDS = _commands()
"""The commands by the names of their hooks, as ``server_list``."""
