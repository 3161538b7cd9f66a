# SPDX-License-Identifier: Apache-2.0
"""The process and its requests: the socket, a request read and handled, errors that become answers."""
