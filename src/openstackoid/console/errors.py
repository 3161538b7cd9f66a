# SPDX-License-Identifier: Apache-2.0
"""The errors of the console."""

from openstackoid.errors import OpenstackoidError


class ConsoleError(OpenstackoidError):
    """A console that cannot start, a log-in that is refused, or a page that the gateway does not have."""


class NoAnswerError(ConsoleError):
    """A part that does not answer: nothing is known of what was asked."""
