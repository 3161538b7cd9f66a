# SPDX-License-Identifier: Apache-2.0
"""Findings: one of each kind, in a file from which it can be tried again."""

import ast
import hashlib
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from pprint import pformat
from typing import Any

_OURS = ("/src/openstackoid/", "/tests/fuzz/")


def kind_of(error: BaseException) -> str:
    """Return the identity of a failure: the kind of the error, and the last place in our code."""
    frames = traceback.extract_tb(error.__traceback__)
    # A defect in the product is told by where it rose there; a broken promise by the line that asked for it.
    ours = [frame for frame in frames if any(part in frame.filename for part in _OURS)] or frames
    where = f" in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    said = str(error).splitlines()
    what = f": {said[0][:60]}" if isinstance(error, AssertionError) and said and not said[0].startswith("assert") else ""
    return f"{type(error).__name__}{where}{what}"


@dataclass
class Findings:
    """The findings of one target in this run, each kind once. ``folder`` is where their files go."""

    target: str
    folder: Path
    kinds: dict[str, Path] = field(default_factory=dict)

    def knows(self, error: BaseException) -> bool:
        """Return whether a failure of this kind was found already."""
        return kind_of(error) in self.kinds

    def add(self, given: Any, error: BaseException) -> Path:
        """Write an input and its failure to a file, and return the file."""
        kind = kind_of(error)
        digest = hashlib.sha256(kind.encode()).hexdigest()[:8]
        path = self.folder / f"{self.target}-{digest}.txt"
        self.folder.mkdir(parents=True, exist_ok=True)
        told = "".join(traceback.format_exception(error)).splitlines()
        comments = "".join(f"# {line}\n" for line in [kind, *told])
        path.write_text(f"{comments}{pformat(given, width=130)}\n", encoding="utf-8", errors="backslashreplace")
        self.kinds[kind] = path
        return path


def input_of(path: Path) -> Any:
    """Return the input in the file of a finding."""
    return ast.literal_eval(path.read_text(encoding="utf-8"))
