# SPDX-License-Identifier: Apache-2.0
"""OpenStackoïd: independent OpenStack clouds that work together, request by request."""

__version__ = "0.1.0"
