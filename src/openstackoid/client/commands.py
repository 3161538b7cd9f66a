# SPDX-License-Identifier: Apache-2.0
"""The commands that the plugin adds to ``openstack``: ``scope show`` and ``scope list``. Neither logs in."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import requests
from cliff.columns import FormattableColumn
from openstack.config.cloud_region import CloudRegion
from osc_lib import exceptions
from osc_lib.command import command

from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.in_force import auth_of, scope_in_force, served
from openstackoid.client.pages import TIMEOUT, MeshPage, PageError, base_of, mesh_page


class ShowScope(command.ShowOne):
    """Show the scope that is in force, where it comes from, and which cloud serves which service because of it"""

    auth_required = False

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Any]]:  # noqa: ARG002 (cliff's)
        """Return the fields. Without a gateway that can be asked, those that need its home cloud are empty."""
        region: CloudRegion = self.app.cloud
        try:
            scope, source = scope_in_force(region)
        except ScopeRefusedError as error:
            raise exceptions.CommandError(str(error)) from error
        try:
            mesh = _mesh(region)
        except PageError as error:
            self.log.warning("%s; so the home cloud and the services are not shown", error)
            mesh = None
        completed = scope.completed(mesh.gateway) if scope is not None and mesh is not None else None
        fields = {
            "scope": None if scope is None else _ScopeColumn(dict(scope)),
            "from": source,
            "home": None if mesh is None else mesh.gateway,
            "completed": None if completed is None else _ScopeColumn(dict(completed)),
            "services": None
            if mesh is None
            else _ServicesColumn(
                [
                    {
                        "service": row.service,
                        "cloud": row.cloud,
                        "because of": row.because,
                        "health": mesh.health(row.cloud, row.service),
                    }
                    for row in served(scope, mesh.gateway, mesh.services())
                ]
            ),
        }
        return tuple(fields), tuple(fields.values())


class ListScope(command.Lister):
    """List the clouds and services that a scope can name, with their health as the home gateway knows it"""

    auth_required = False

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Any]]:  # noqa: ARG002 (cliff's)
        """Return a row for each service of each cloud, the home cloud first."""
        try:
            mesh = _mesh(self.app.cloud)
        except PageError as error:
            raise exceptions.CommandError(str(error)) from error
        return ("Cloud", "Home", "Service", "Health"), tuple(_rows(mesh))


def _rows(mesh: MeshPage) -> Iterator[tuple[str, bool, str, str]]:
    for cloud in sorted(mesh.clouds, key=lambda cloud: (not cloud.home, cloud.name)):
        for service, health in sorted(cloud.services.items()) or [("", cloud.health)]:
            yield cloud.name, cloud.home, service, health


def _mesh(region: CloudRegion) -> MeshPage:
    url = auth_of(region).get("auth_url")
    if not isinstance(url, str) or "://" not in url:
        raise PageError("there is no authentication URL, so no gateway can be asked; name a cloud (--os-cloud, --os-auth-url)")
    verify, cert = region.get_requests_verify_args()
    return mesh_page(
        base_of(url), lambda page: requests.get(page, verify=verify, cert=cert, timeout=TIMEOUT, allow_redirects=False)
    )


class _ScopeColumn(FormattableColumn[dict[str, str]]):
    """A scope: as it is written for a person, an object for a machine."""

    def human_readable(self) -> str:
        return "{" + ", ".join(f'"{service}": "{cloud}"' for service, cloud in self._value.items()) + "}"


class _ServicesColumn(FormattableColumn[list[dict[str, str]]]):
    """The services: a line for each for a person, a list of objects for a machine."""

    def human_readable(self) -> str:
        rows = [[row["service"], row["cloud"], row["because of"], row["health"]] for row in self._value]
        widths = [max((len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
