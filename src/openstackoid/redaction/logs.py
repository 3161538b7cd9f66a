# SPDX-License-Identifier: Apache-2.0
"""The output of a process: log records, and Python's reports of uncaught errors."""

import logging
import sys
import threading
import traceback
import warnings
from pathlib import Path
from types import TracebackType
from typing import TextIO

from openstackoid.redaction.text import redacted

_OURS = "openstackoid"
_PACKAGE = Path(__file__).parents[1]


class RedactingFilter(logging.Filter):
    """Redacts each record as one text, without its arguments and exceptions.

    Of other libraries' records it keeps the template's first line and the exception's type: arguments may hold headers.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record, and let it pass."""
        record.msg = redacted(_text_of(record))
        record.args = None
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _text_of(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] != _OURS:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        template = (str(record.msg).splitlines() or [""])[0]
        return f"{record.name}: {template} {kind}".rstrip()
    try:
        text = record.getMessage()
    except (TypeError, ValueError):
        text = str(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    return text if error is None else f"{text}: {where(error)}"


def set_up(form: str) -> None:
    """Send every record of the process to stderr in the form ``form``, redacted."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter())
    handler.setFormatter(logging.Formatter(form))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def redact_uncaught_errors() -> None:
    """Have Python report an uncaught error by its place and type alone: its message may quote a header.

    The same for warnings, and for records whose arguments do not fit their templates.
    """
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = lambda given: _uncaught(given.exc_type, given.exc_value, given.exc_traceback)
    sys.unraisablehook = lambda given: _uncaught(given.exc_type, given.exc_value, given.exc_traceback)
    warnings.showwarning = _warned


def where(error: BaseException) -> str:
    """Return the type of an unforeseen error and our line that raised it; its message may quote a header."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or list(frames)
    return f"{type(error).__name__} in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else type(error).__name__


def _uncaught(kind: type[BaseException], _error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    frames = [f"  {Path(frame.filename)}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
    text = "\n".join([f"a defect: {kind.__name__}; its message is left out, for it may quote a secret", *frames])
    print(text, file=sys.stderr)


def _warned(  # noqa: PLR0917 - the signature is Python's
    message: Warning | str,  # noqa: ARG001
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,  # noqa: ARG001
) -> None:
    print(f"{category.__name__} in {Path(filename).name}:{lineno}", file=file or sys.stderr)
