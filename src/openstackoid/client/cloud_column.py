# SPDX-License-Identifier: Apache-2.0
"""The column ``Cloud`` of the list commands of ``openstack``, under a scope of several clouds.

cliff finds the hook of a command by the entry point group ``openstack.cli.<command>``, which has no wildcard: pyproject.toml has
one for each command in ``list_commands.txt``, which ``scripts/column_hooks.py`` writes.
"""

import argparse
from typing import Any

from cliff.hooks import CommandHook

from openstackoid.client.adapter import mounted
from openstackoid.client.in_force import scope_in_force
from openstackoid.client.list_commands import COMMANDS
from openstackoid.client.merged_items import MergedItems
from openstackoid.scope import Cloud, Scope

COLUMN = "Cloud"


class CloudColumn(CommandHook):
    """Adds the column to the rows of a command, as the last one."""

    def get_parser(self, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        """Return the parser as it is."""
        return parser

    def get_epilog(self) -> str | None:
        """Return nothing: the help of a command stays as it is."""
        return None

    def before(self, parsed_args: argparse.Namespace) -> argparse.Namespace:
        """Return the options as they are."""
        return parsed_args

    def after(self, parsed_args: argparse.Namespace, return_code: Any) -> Any:  # noqa: ARG002 (cliff's)
        """Return columns and rows: cliff passes those of a list in the place of a code."""
        command = COMMANDS[(self.cmd.cmd_name or "").replace(" ", "_")]
        connection = self.cmd.app.client_manager.sdk_connection  # type: ignore[attr-defined]
        scope = scope_in_force(connection.config).scope
        adapter = mounted(connection.session.session)
        if scope is None or adapter is None or not any(_of_several(scope, service) for service in command.services):
            return return_code
        columns, rows = return_code
        rows = [tuple(row) for row in rows]
        cells = _cells(command.collection, adapter.items, rows)
        adapter.items.forget()
        return (*columns, COLUMN), [(*row, cloud) for row, cloud in zip(rows, cells, strict=True)]


def _of_several(scope: Scope, service: str) -> bool:
    expression = scope.expression_for(service)
    return expression is not None and not isinstance(expression, Cloud)


def _cells(collection: str | None, items: MergedItems, rows: list[tuple[Any, ...]]) -> list[str]:
    """Return the clouds of the rows: of each by its item, else of all by the answers."""
    of_parts = [items.cloud_of_parts()] * len(rows)
    if collection is None and any(of_parts):
        return of_parts
    cells = items.clouds(collection, rows)
    if any(cells):
        return cells
    # A merged list that is narrowed to one resource is a part of it.
    return of_parts if collection is not None else [items.cloud_of_all()] * len(rows)
