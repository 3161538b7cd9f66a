# SPDX-License-Identifier: Apache-2.0
"""The README's commands are those that are run: by the demo, by make."""

import re
import shlex
from pathlib import Path

from examples import demo

ROOT = Path(demo.__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_command_at_the_top_is_the_demos() -> None:
    line = next(line for line in README.splitlines() if line.startswith("    openstack server create"))
    assert shlex.split(line) == ["openstack", *demo.SERVER, "--os-scope", demo.BOOT]


def test_the_transcript_is_of_commands_that_the_demo_runs() -> None:
    source = Path(demo.__file__).read_text(encoding="utf-8")
    shown = [shlex.split(line.partition("$ ")[2]) for line in README.splitlines() if re.match(r"Cloud(One|Two)\$ ", line)]
    assert len(shown) >= 5
    for command in shown:
        scope = command[command.index("--os-scope") + 1] if "--os-scope" in command else None
        assert command[0] == "openstack"
        assert f'"{command[1]}", "{command[2]}"' in source or tuple(command[1:3]) == demo.SERVER[:2]
        assert scope is None or scope in source


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"`?make ([a-z-]+)`?(?=[ `\n]+(?:#|`|,|\n))", page.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"
