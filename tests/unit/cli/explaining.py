# SPDX-License-Identifier: Apache-2.0
"""The page docs/use/explain.md and its mesh, for the tests of ``openstackoid explain``."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from conformance.clouds import description

PAGE = (Path(__file__).parents[3] / "docs" / "use" / "explain.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(TIMES,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
SHOWN = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)
THREE = description(count(10000))
Explain = Callable[..., Any]
