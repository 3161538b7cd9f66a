# SPDX-License-Identifier: Apache-2.0
"""The root of every error that a user may read."""


class OpenstackoidError(Exception):
    """Something that a user can understand and act on.

    ``str(error)`` is one line that says what is wrong, where, and what is accepted. ``hint`` is what to try next, or None.
    The command line prints both and nothing else; an error of any other class is a defect of ours.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
