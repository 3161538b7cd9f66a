# SPDX-License-Identifier: Apache-2.0
"""The process, its socket, and the handling of one request."""
