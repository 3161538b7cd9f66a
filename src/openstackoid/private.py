# SPDX-License-Identifier: Apache-2.0
"""Owner-only files."""

import os
import tempfile
from pathlib import Path


def replace_private(path: Path, data: bytes) -> None:
    """Write a file (mode 0600) in one step: a reader sees the old content or the new, never a part. Raises ``OSError``."""
    # mkstemp's files are owner-only, with unique names, also between threads.
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(new).replace(path)
    except OSError:
        Path(new).unlink(missing_ok=True)
        raise
