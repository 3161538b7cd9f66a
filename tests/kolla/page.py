# SPDX-License-Identifier: Apache-2.0
"""The page docs/operate/kolla.md, which the tests play: its commands, and the lines that it adds to the mesh description."""

import re
from textwrap import dedent
from typing import Any

import yaml

from documents import read

STEP_2, STEP_3 = "2. Describe the cloud", "3. Certificate, peers, policy"
MAKE_CERTIFICATE = 2
"""The commands of step 3 that make the mesh's authority and CloudOne's certificate; both clouds need the authority to start."""
SINGLE = "With one external frontend"
_PAGE = read("operate/kolla.md")
_CODE = re.compile(r"^```(console|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r"^(the gateway takes the place of .*)$", re.MULTILINE)
_WARNED = re.compile(r"^((?:warning: |not carried over from HAProxy: ).*)$", re.MULTILINE)


def _section(heading: str) -> str:
    return _PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def blocks(heading: str) -> list[list[str]]:
    """Return the commands below a heading, block by block."""
    texts = (text for kind, text in _CODE.findall(_section(heading)) if kind == "console")
    return [re.findall(r"^\$ (.+)$", text, re.MULTILINE) for text in texts]


def commands(heading: str) -> list[str]:
    """Return all commands below a heading."""
    return [line for block in blocks(heading) for line in block]


def additions(heading: str) -> list[Any]:
    """Return what the YAML of a section says."""
    return [yaml.safe_load(dedent(text)) for kind, text in _CODE.findall(_section(heading)) if kind == "yaml"]


def frontends() -> list[str]:
    """Return the lines of `discover` that the page shows."""
    return _OUTPUT.findall(_PAGE)


def warnings() -> list[str]:
    """Return the warnings of `discover` that the page shows, and the number of lines that are not carried over."""
    return _WARNED.findall(_PAGE)
