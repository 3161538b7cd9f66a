# SPDX-License-Identifier: Apache-2.0
"""Which functions take how many instructions for a request: HAProxy in valgrind's callgrind, which counts each one."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

TOOL = "valgrind"
UNIT = "instructions"
_MOVES = "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x10000000"
"""Has the C library copy memory without the one instruction that valgrind counts once a byte, and the processor does not."""

_CYCLE = re.compile(r"'\d+$")


def under(output: Path) -> list[str]:
    """Return the words before a command that have its instructions counted, and written to ``output`` at its end."""
    return [
        "env",
        _MOVES,
        TOOL,
        "--tool=callgrind",
        f"--callgrind-out-file={output}",
        "--compress-strings=no",
        "--compress-pos=no",
    ]


def read(output: str) -> Counter[str]:
    """Return the instructions of each function itself, without those of what it called, from what callgrind has written."""
    found: Counter[str] = Counter()
    function, of_a_call = "", False
    for line in output.splitlines():
        if line.startswith("fn="):
            function = _CYCLE.sub("", line[3:])
        elif line.startswith("calls="):
            # The line below says what the call took in the function that was called, which has lines of its own.
            of_a_call = True
        elif line[:1].isdigit():
            if not of_a_call:
                found[function] += int(line.split()[1])
            of_a_call = False
    return found


def for_each(few: Mapping[str, int], many: Mapping[str, int], requests: int) -> dict[str, float]:
    """Return what each of ``requests`` requests took by which a second run had more: the start, which both had, is left out."""
    taken = {function: (count - few.get(function, 0)) / requests for function, count in many.items()}
    return {function: count for function, count in taken.items() if count > 0}
