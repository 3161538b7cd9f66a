# SPDX-License-Identifier: Apache-2.0
"""What can keep a gateway from running."""

from openstackoid.errors import OpenstackoidError


class GatewayError(OpenstackoidError):
    """The gateway of a cloud cannot run here; the message says which part and why."""
