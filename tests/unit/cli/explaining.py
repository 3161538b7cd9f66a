# SPDX-License-Identifier: Apache-2.0
"""The page docs/use/explain.md and its mesh, for the tests of ``openstackoid explain``."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from conformance.clouds import description
from openstackoid.mesh import parse_mesh
from openstackoid.mesh.load import packed_mesh

PAGE = (Path(__file__).parents[3] / "docs" / "use" / "explain.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(TIMES,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
SHOWN = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)
THREE = parse_mesh(description(count(10000)))
THREE_FILE = packed_mesh(THREE)
"""The content of a file of that mesh, which is read in less time than its text."""
Explain = Callable[..., Any]
