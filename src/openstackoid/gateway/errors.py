# SPDX-License-Identifier: Apache-2.0
"""The errors that keep a gateway from running."""

from openstackoid.errors import OpenstackoidError


class GatewayError(OpenstackoidError):
    """The gateway of a cloud cannot run here; the message has the part and the reason."""
