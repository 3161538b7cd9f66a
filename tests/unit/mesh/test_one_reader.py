# SPDX-License-Identifier: Apache-2.0
"""YAML is read in one place, so that every file is read by the same rules and every error has a spot."""

from pathlib import Path

import openstackoid

SRC = Path(openstackoid.__file__).parent


def test_only_the_reader_of_documents_and_its_spots_use_the_yaml_library() -> None:
    users = {
        str(path.relative_to(SRC))
        for path in SRC.rglob("*.py")
        if any(line.strip().startswith(("import yaml", "from yaml")) for line in path.read_text(encoding="utf-8").splitlines())
    }
    # They write it alone.
    writers = {"lab/lab.py", "bridge/audit/suggestion.py", "console/copies.py"}
    assert users - writers == {"mesh/document.py", "mesh/spots.py"}
