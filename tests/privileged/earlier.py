# SPDX-License-Identifier: Apache-2.0
"""Files of earlier releases, from the history of this clone."""

import subprocess
from pathlib import Path

from unable import cannot_run

PREVIOUS = "bef8c35e43aff25bb939664a55bb8eed4a5211f0"
"""The commit of a release with a store, a drain and bound tokens, whose tables are of the schema 0002."""


def files_of(commit: str, path: str, folder: Path) -> Path:
    """Put the files of a commit that are below ``path`` into a folder, and return that."""
    repository = ["git", "-c", "safe.directory=*", "-C", str(Path(__file__).parents[2])]
    if subprocess.run([*repository, "cat-file", "-e", commit], capture_output=True, check=False).returncode:
        cannot_run(f"this clone has no commit {commit}: it is shallow (git fetch --unshallow)")
    archive = subprocess.run([*repository, "archive", f"{commit}:{path}"], capture_output=True, check=True).stdout
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder
