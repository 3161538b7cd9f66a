# SPDX-License-Identifier: Apache-2.0
"""Operators introduce their clouds to each other by a signed file, and try the way between their gateways."""

from openstackoid.peering.introduction import Introduction, PeeringError, rows_of, signed, verified

__all__ = ["Introduction", "PeeringError", "rows_of", "signed", "verified"]
