# SPDX-License-Identifier: Apache-2.0
"""The parts of a text that may be shown if it could hold a token, a password or a key.

No text from outside is shown as it is: paths, methods and URLs have forms of their own here. The patterns of :func:`redacted`
are the last resort. :mod:`~openstackoid.redaction.logs` installs them in a process, and :mod:`~openstackoid.redaction.process`
keeps its memory and its environment out of files.
"""

from openstackoid.redaction.text import REMOVED, redacted, shown_method, shown_path, shown_url

__all__ = ["REMOVED", "redacted", "shown_method", "shown_path", "shown_url"]
