# SPDX-License-Identifier: Apache-2.0
"""The root of every error for users."""


class OpenstackoidError(Exception):
    """An error that a user can understand and act on.

    ``str(error)`` is one line with the fault, its place, and the accepted values. ``hint``: the next step, or None. The command
    line prints both; any other class of error is a defect.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
