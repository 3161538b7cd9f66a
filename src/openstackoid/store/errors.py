# SPDX-License-Identifier: Apache-2.0
"""The errors of the store."""

from openstackoid.errors import OpenstackoidError


class StoreError(OpenstackoidError):
    """The store cannot be used; the message gives the reason, without a password."""


class SchemaError(StoreError):
    """The database has the schema of a newer release."""


class StoreUnavailableError(StoreError):
    """The database did not answer in time, or refused."""
