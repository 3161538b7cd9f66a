# SPDX-License-Identifier: Apache-2.0
"""What lives as long as the process is not looked at by Python's garbage collector again.

A whole collection looks at each object of the process, and no request is served meanwhile: 70 to 80 ms, most of it for loaded
modules (seen in `bench abuse`, on the machine of docs/understand/benchmarks.md).
"""

import gc

_OBJECTS = 20_000
"""New objects until the youngest are looked at; Python's 700 make whole collections, of 10 to 20 ms here, that much more often.

Garbage that waits is small: most of it has no cycles, and is freed at once.
"""


def set_aside() -> None:
    """Collect once, and leave what is there now out of later collections, which become rarer.

    An object that was left out is still freed once nothing refers to it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
