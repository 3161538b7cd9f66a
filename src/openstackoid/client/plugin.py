# SPDX-License-Identifier: Apache-2.0
"""The plugin of the stock ``openstack`` command: the global option ``--os-scope``.

openstackclient finds this module by the entry point group ``openstack.cli.extension`` and expects the names in capitals,
``make_client`` and ``build_option_parser``. There is no API of our own behind it: every command stays as it is.
"""

import argparse
import os
import sys
from typing import NoReturn

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from openstackoid.client import hook
from openstackoid.client.choice import LEFT_TO_THE_CLOUD, OPTION, SCOPE_VARIABLE, Choice, names
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.scope import official_service_types

API_NAME = "openstackoid"
API_VERSION_OPTION = "os_openstackoid_api_version"
DEFAULT_API_VERSION = "1"
API_VERSIONS = ("1",)

_SWALLOWED_VARIABLE = "OS_SCOPE"
_USAGE_ERROR = 2


def make_client(_instance: object) -> None:
    """Return no client: the plugin adds an option, not an API."""


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add ``--os-scope``, and have openstacksdk call our hook for each connection that the command makes."""
    if os.environ.get(_SWALLOWED_VARIABLE):
        _refuse(f"the environment variable {_SWALLOWED_VARIABLE} is openstacksdk's and cannot hold a scope; use {SCOPE_VARIABLE}")
    default = os.environ.get(SCOPE_VARIABLE)
    parser.add_argument(
        OPTION,
        dest="scope",
        metavar="<json>",
        type=_option,
        default=Choice(default, SCOPE_VARIABLE) if default else LEFT_TO_THE_CLOUD,
        help="Which cloud serves which service, for example "
        '{"image": "CloudTwo"}; a service that is not named is the local cloud\'s; '
        f"'none' for no scope (Env: {SCOPE_VARIABLE})",
    )
    parser.set_defaults(vendor_hook=f"{__name__}:install")
    return parser


def install(connection: Connection) -> None:
    """Do what :func:`openstackoid.client.hook.install` does; end the command with a readable error where that refuses."""
    try:
        hook.install(connection)
    except ScopeRefusedError as error:
        _refuse(str(error))


def _option(text: str) -> Choice:
    """Return the option's value, refused here when its form is wrong. Whether its clouds exist is known later.

    argparse also hands over the default, which is judged where it is used: a broken environment must not break ``--help``.
    """
    if isinstance(text, Choice):
        return text
    choice = Choice(text)
    try:
        choice.scope()
    except ScopeRefusedError as error:
        custom = _custom_services()
        if not custom:
            _refuse(str(error))
        try:
            choice.scope(services=official_service_types() | custom)
        except ScopeRefusedError as with_custom:
            _refuse(str(with_custom))
    return choice


def _custom_services() -> frozenset[str]:
    """Return the service types of their own that the clouds of clouds.yaml have; looked up only for a scope that seems wrong."""
    try:
        entries = OpenStackConfig().cloud_config["clouds"].values()
        return frozenset(name for entry in entries for name in names(entry.get("scope_services"), "scope_services"))
    except Exception:
        # An unreadable clouds.yaml is openstacksdk's to report, once the command needs it.
        return frozenset()


def _refuse(message: str) -> NoReturn:
    """End the command as a usage error does, but without argparse's hundred lines of usage."""
    print(f"openstack: {message}", file=sys.stderr)
    raise SystemExit(_USAGE_ERROR)
