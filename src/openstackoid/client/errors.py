# SPDX-License-Identifier: Apache-2.0
"""Errors that stop a client before its first request."""

from openstack.exceptions import ConfigException

from openstackoid.errors import OpenstackoidError


class ScopeRefusedError(OpenstackoidError, ConfigException):
    """No connection is made: the scope is invalid or cannot be sent.

    It is also one of openstacksdk's errors, which it lets through from a hook. It turns an ``ImportError``, ``TypeError``,
    ``AttributeError`` or ``ValueError`` into a warning, and would go on without the scope.
    """
