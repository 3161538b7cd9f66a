# SPDX-License-Identifier: Apache-2.0
"""Errors that stop a client before a request."""

from openstack.exceptions import ConfigException

from openstackoid.errors import OpenstackoidError


class ForeignHostError(OpenstackoidError, ConfigException):
    """A link or redirect of an answer leads to a host that is not the cloud's; the token is not sent there."""


class ScopeRefusedError(OpenstackoidError, ConfigException):
    """No connection is made: the scope is invalid or cannot be sent.

    It is also one of openstacksdk's errors, which it lets through from a hook. It turns an ``ImportError``, ``TypeError``,
    ``AttributeError`` or ``ValueError`` into a warning, and would go on without the scope.
    """
