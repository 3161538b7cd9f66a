# SPDX-License-Identifier: Apache-2.0
"""How much work a call is, counted in steps of Python and not by a clock, so that a busy machine changes nothing."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class TooManyStepsError(BaseException):
    """The call was ended. No part of it may catch this as an error of its own, so it is not an ``Exception``."""


def steps(call: Callable[[], object], most: int) -> int:
    """Return the number of lines of Python that run in ``call``, with any error.

    Raises ``AssertionError`` for more than ``most``.
    """
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        if count > most:
            raise TooManyStepsError
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except TooManyStepsError:
        raise AssertionError("time grows with the length") from None
    except Exception:
        return count
    finally:
        sys.settrace(before)
    return count
