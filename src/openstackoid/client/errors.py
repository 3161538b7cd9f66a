# SPDX-License-Identifier: Apache-2.0
"""What stops a client before its first request."""

from openstack.exceptions import ConfigException

from openstackoid.errors import OpenstackoidError


class ScopeRefusedError(OpenstackoidError, ConfigException):
    """No connection is made, because its scope cannot be understood or cannot be sent.

    It is one of openstacksdk's own errors too: of a hook's errors openstacksdk lets those through, while it turns an
    ``ImportError``, ``TypeError``, ``AttributeError`` or ``ValueError`` into a warning and goes on, here without the scope.
    """
