# SPDX-License-Identifier: Apache-2.0
"""What lives as long as the process is not looked at by Python's garbage collector again.

A whole collection looks at each object of the process, and no request is served meanwhile: 70 to 80 ms, most of it for loaded
modules (seen in `bench abuse`, on the machine of docs/understand/benchmarks.md).
"""

import gc


def set_aside() -> None:
    """Collect once, and leave what is there now out of later collections. It is still freed once nothing refers to it."""
    gc.collect()
    gc.freeze()
