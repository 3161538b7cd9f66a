# SPDX-License-Identifier: Apache-2.0
"""The plugin of ``openstack``: the global options ``--os-scope``, ``--os-scope-force``, ``--os-scope-strict`` and ``--trace``.

openstackclient finds this module by the entry point group ``openstack.cli.extension`` and expects the names in capitals,
``make_client`` and ``build_option_parser``. It has no API of its own. The commands, :mod:`~openstackoid.client.commands`, are
found by the group ``openstack.openstackoid.v1``, made of ``API_NAME`` and the version.
"""

import argparse
import atexit
import functools
import os
import sys
from typing import NoReturn

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from openstackoid.client import hook
from openstackoid.client.choice import (
    FORCE_OPTION,
    LEFT_TO_THE_CLOUD,
    OPTION,
    SCOPE_VARIABLE,
    SDK_VARIABLE,
    STRICT_OPTION,
    STRICT_VARIABLE,
    Choice,
    choice_in,
    names,
)
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.trace import Trace
from openstackoid.redaction import redacted
from openstackoid.scope import official_service_types

API_NAME = "openstackoid"
API_VERSION_OPTION = "os_openstackoid_api_version"
DEFAULT_API_VERSION = "1"
API_VERSIONS = ("1",)

_TRACE = "openstackoid_trace"
_USAGE_ERROR = 2


def make_client(_instance: object) -> None:
    """Return no client: the plugin adds options and commands, not an API."""


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the options, and have openstacksdk call our hook for each connection of the command."""
    default = choice_in(SCOPE_VARIABLE) or choice_in(SDK_VARIABLE)
    # The command reads its configuration later, and would find the variables.
    os.environ.pop(SDK_VARIABLE, None)
    strict = os.environ.pop(STRICT_VARIABLE, None) or None
    parser.add_argument(
        OPTION,
        dest="scope",
        metavar="<scope>",
        type=_option,
        default=default or LEFT_TO_THE_CLOUD,
        help="The cloud of each service, for example image=CloudTwo,compute=CloudOne or "
        '{"image": "CloudTwo"}; image=CloudOne|CloudTwo is CloudOne, otherwise CloudTwo; '
        "image=CloudOne&CloudTwo is both at once; the local cloud serves all others; "
        f"'none' for no scope (Env: {SCOPE_VARIABLE}, {SDK_VARIABLE})",
    )
    parser.add_argument(
        FORCE_OPTION,
        dest="scope_force",
        action="store_true",
        default=None,
        help="Override the refusal of a collaboration that does not work, if the gateway's operator allows it",
    )
    parser.add_argument(
        STRICT_OPTION,
        dest="scope_strict",
        action="store_true",
        default=strict,
        help=f"Of several clouds at once, refuse an answer that lacks one of them (Env: {STRICT_VARIABLE}, true or false)",
    )
    parser.add_argument(
        "--trace",
        dest=_TRACE,
        action="store_true",
        default=None,
        help="Print the hops of each request through the gateways on stderr, with cloud, service and time",
    )
    parser.set_defaults(vendor_hook=f"{__name__}:install")
    return parser


def install(connection: Connection) -> None:
    """Call :func:`openstackoid.client.hook.install`; end the command with a readable error if it refuses."""
    try:
        hook.install(connection, _trace() if connection.config.config.get(_TRACE) is True else None)
    except ScopeRefusedError as error:
        _refuse(str(error))


@functools.cache
def _trace() -> Trace:
    """Return the command's trace. It is printed when the command closes its session, or else at exit."""
    trace = Trace()
    atexit.register(trace.report)
    return trace


def _option(text: str) -> Choice:
    """Return the option's value, refused here for its form. Its clouds are checked later.

    argparse also passes the default, which is checked at its use: a broken environment must not break ``--help``.
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
    """Return the non-official service types of the clouds of clouds.yaml; read only for an invalid scope."""
    try:
        entries = OpenStackConfig().cloud_config["clouds"].values()
        return frozenset(name for entry in entries for name in names(entry.get("scope_services"), "scope_services"))
    except Exception:
        # openstacksdk reports an unreadable clouds.yaml, once the command needs it.
        return frozenset()


def _refuse(message: str) -> NoReturn:
    """End the command as a usage error does, without argparse's hundred lines of usage."""
    print(redacted(f"openstack: {message}"), file=sys.stderr)
    raise SystemExit(_USAGE_ERROR)
