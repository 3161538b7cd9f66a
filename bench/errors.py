# SPDX-License-Identifier: Apache-2.0
"""What stops a benchmark, as opposed to what it finds."""

from openstackoid.errors import OpenstackoidError


class BenchError(OpenstackoidError):
    """A measurement that cannot be made: a program is missing, a server does not start, an answer is not the expected one."""
