# SPDX-License-Identifier: Apache-2.0
"""The plugin's commands: ``scope show`` and ``scope list``.

Only ``scope show`` logs in, for its user's identity in each cloud; it shows the rest without.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import requests
from cliff.columns import FormattableColumn
from openstack.config.cloud_region import CloudRegion
from openstack.connection import Connection
from osc_lib import exceptions
from osc_lib.command import command

from openstackoid.client.adapter import SCOPE_HEADER
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.expression_tree import Node, drawn, tree_of
from openstackoid.client.in_force import auth_of, scope_in_force, served
from openstackoid.client.pages import (
    TIMEOUT,
    Get,
    MeshPage,
    NoSuchPageError,
    PageError,
    UserRow,
    base_of,
    mesh_page,
    round_trips_page,
    user_page,
)
from openstackoid.redaction import redacted
from openstackoid.scope import NearTold, Scope, centers_of, clouds_of, near_told, resolve


class ShowScope(command.ShowOne):
    """Show the scope in force, its source, the cloud of each service, and your identity in each cloud"""

    auth_required = False

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Any]]:  # noqa: ARG002 (cliff's)
        """Return the fields. Without a gateway, those that need its home cloud are empty."""
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
        near: tuple[NearTold, ...] = ()
        written = scope
        if scope is not None and mesh is not None and centers_of(scope):
            scope, near = self._resolved(region, scope, mesh)
        completed = scope.completed(mesh.gateway) if scope is not None and mesh is not None else None
        fields = {
            "scope": None if written is None else _ScopeColumn(dict(written)),
            "from": source,
            "home": None if mesh is None else mesh.gateway,
            "completed": None if completed is None else _ScopeColumn(dict(completed)),
            **({"near": _NearColumn(near)} if near else {}),
            "services": None
            if mesh is None
            else _ServicesColumn(
                [
                    {
                        "service": row.service,
                        "cloud": row.cloud,
                        "because of": row.because,
                        "health": _health(mesh, scope, row.service),
                    }
                    for row in served(scope, mesh.gateway, mesh.services())
                ]
            ),
            **_expressions(mesh, scope),
            "user": None if mesh is None else self._user(region, scope),
        }
        return tuple(fields), tuple(fields.values())

    def _resolved(self, region: CloudRegion, scope: Scope, mesh: MeshPage) -> tuple[Scope, tuple[NearTold, ...]]:
        """Return the scope with the clouds that are near now, and their times; the scope itself with a warning without them."""
        try:
            times = {center: round_trips_page(_base(region), center, _getter(region)) for center in centers_of(scope)}
        except NoSuchPageError:
            self.log.warning("the gateway is of an older release, which does not serve around and nearest")
        except PageError as error:
            self.log.warning("%s; so the clouds that are near are not shown", error)
        else:
            offers = mesh.offers()
            return resolve(scope, times, offers, mesh.services()), near_told(offers, scope, times)
        return scope, ()

    def _user(self, region: CloudRegion, scope: Scope | None) -> "_UserColumn | None":
        """Return the user's identity in each cloud of the scope, or None with a warning."""
        try:
            rows = user_page(_base(region), _getter(region, self._credentials(scope)))
        except NoSuchPageError:
            self.log.warning("the gateway is of an older release, so your identity in each cloud is not shown")
        except PageError as error:
            self.log.warning("%s; so your identity in each cloud is not shown", error)
        else:
            return _UserColumn([_row(row) for row in rows])
        return None

    def _credentials(self, scope: Scope | None) -> dict[str, str]:
        """Log in, and return the headers of the token and the scope. Raises :class:`PageError`."""
        try:
            region = self.app.cloud_config.get_one(cloud=self.app.options.cloud, argparse=self.app.options)
            with Connection(config=region) as connection:
                token = connection.session.get_token()
        except Exception as error:
            # Of keystoneauth, openstacksdk or a plugin: they must not end a command that shows other fields, too.
            raise PageError(f"you cannot be logged in: {redacted(str(error) or type(error).__name__)}") from error
        if not token:
            raise PageError("you are not logged in")
        return {"X-Auth-Token": token, **({} if scope is None else {SCOPE_HEADER: scope.to_header()})}


class ListScope(command.Lister):
    """List the clouds and services that a scope can name, with their health according to the home gateway"""

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


def _expressions(mesh: MeshPage | None, scope: Scope | None) -> dict[str, "_ExpressionsColumn"]:
    """Return the field of the expressions of several clouds, each once with all its services; none without such an expression."""
    found: dict[Node, list[str]] = {}
    for service in [] if mesh is None or scope is None else mesh.services():
        expression = scope.expression_for(service) if scope is not None else None
        if expression is not None and len(clouds_of(expression)) > 1 and mesh is not None:
            found.setdefault(tree_of(expression, partial(mesh.health, service=service)), []).append(service)
    return {"expressions": _ExpressionsColumn([(services, node) for node, services in found.items()])} if found else {}


def _health(mesh: MeshPage, scope: Scope | None, service: str) -> str:
    """Return the health of a service in each of its clouds."""
    return ", ".join(mesh.health(cloud, service) for cloud in (scope or Scope(())).clouds_for(service, mesh.gateway))


def _mesh(region: CloudRegion) -> MeshPage:
    return mesh_page(_base(region), _getter(region))


def _base(region: CloudRegion) -> str:
    url = auth_of(region).get("auth_url")
    if not isinstance(url, str) or "://" not in url:
        raise PageError("there is no authentication URL, so no gateway can be asked; name a cloud (--os-cloud, --os-auth-url)")
    return base_of(url)


def _getter(region: CloudRegion, headers: Mapping[str, str] | None = None) -> Get:
    verify, cert = region.get_requests_verify_args()
    return lambda page: requests.get(page, headers=headers, verify=verify, cert=cert, timeout=TIMEOUT, allow_redirects=False)


def _row(row: UserRow) -> dict[str, Any]:
    """Return the machine-readable form of a cloud."""
    user, project = (None if party is None else party._asdict() for party in (row.user, row.project))
    return {
        "cloud": row.cloud,
        "user": user,
        "project": project,
        "roles": list(row.roles),
        "rule": row.rule,
        "reason": row.reason,
    }


class _ScopeColumn(FormattableColumn[dict[str, str]]):
    """A scope: as written for a person, an object for a machine."""

    def human_readable(self) -> str:
        return "{" + ", ".join(f'"{service}": "{cloud}"' for service, cloud in self._value.items()) + "}"


class _NearColumn(FormattableColumn[Any]):
    """The clouds that are near, with their times: lines for a person, a list of objects for a machine."""

    def human_readable(self) -> str:
        return "\n".join(line for near in self._value for line in near.lines())

    def machine_readable(self) -> Any:
        return [near.document() for near in self._value]


class _ServicesColumn(FormattableColumn[list[dict[str, str]]]):
    """The services: a line for each for a person, a list of objects for a machine."""

    def human_readable(self) -> str:
        return _aligned([[row["service"], row["cloud"], row["because of"], row["health"]] for row in self._value])


class _ExpressionsColumn(FormattableColumn[list[tuple[list[str], Node]]]):
    """The expressions of several clouds: a tree for each for a person, a list of objects for a machine."""

    def human_readable(self) -> str:
        drawings = ((", ".join(services), drawn(node)) for services, node in self._value)
        return "\n".join("\n".join([f"{services}: {head}", *below]) for services, (head, *below) in drawings)

    def machine_readable(self) -> list[dict[str, Any]]:  # type: ignore[override]
        return [{"services": services, **node.document()} for services, node in self._value]


class _UserColumn(FormattableColumn[list[dict[str, Any]]]):
    """The user's identity in each cloud: lines for a person, a list of objects for a machine."""

    def human_readable(self) -> str:
        rows = []
        for told in self._value:
            lines = [[key, f"{told[key]['id']}  {told[key]['name']}"] for key in ("user", "project") if told[key] is not None]
            lines += [[key, told[key]] for key in ("rule", "reason") if told[key] is not None]
            if told["roles"]:
                lines.append(["roles", ", ".join(told["roles"])])
            rows += [["" if number else told["cloud"], *line] for number, line in enumerate(lines)]
        return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
