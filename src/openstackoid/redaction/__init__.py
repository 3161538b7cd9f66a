# SPDX-License-Identifier: Apache-2.0
"""The one place that says what may be shown of a text that could hold a token, a password or a key.

The rule is to show nothing that came from outside: a path, a method and a URL have forms of their own here. The patterns of
:func:`redacted` are the last net below it, for what was quoted all the same. :mod:`~openstackoid.redaction.logs` hangs that net
into a process, and :mod:`~openstackoid.redaction.process` keeps its memory and its environment out of files.
"""

from openstackoid.redaction.text import REMOVED, redacted, shown_method, shown_path, shown_url

__all__ = ["REMOVED", "redacted", "shown_method", "shown_path", "shown_url"]
