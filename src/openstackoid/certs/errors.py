# SPDX-License-Identifier: Apache-2.0
"""The errors of making and reading certificates."""

from openstackoid.errors import OpenstackoidError


class CertsError(OpenstackoidError):
    """A certificate cannot be made or read; the message names it and the accepted values, never a key."""
