# SPDX-License-Identifier: Apache-2.0
"""What can keep a certificate from being made or read."""

from openstackoid.errors import OpenstackoidError


class CertsError(OpenstackoidError):
    """A certificate cannot be made or read; the message says which, and what is accepted. No key is ever in it."""
