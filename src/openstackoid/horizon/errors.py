# SPDX-License-Identifier: Apache-2.0
"""The errors of Horizon's settings."""

from openstackoid.errors import OpenstackoidError


class HorizonError(OpenstackoidError):
    """A scope or cloud that the dashboard cannot offer."""
