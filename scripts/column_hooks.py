# SPDX-License-Identifier: Apache-2.0
"""Write the entry points of the column ``Cloud`` into ``pyproject.toml``: one for each command, since cliff has no wildcard.

Run it after a change of ``openstackoid/client/list_commands.txt``; a test fails until then.
"""

from pathlib import Path

from openstackoid.client.list_commands import COMMANDS

FILE = Path(__file__).parents[1] / "pyproject.toml"
HOOK = "openstackoid.client.cloud_column:CloudColumn"
PREFIX = "openstack.cli."

_BEGIN = "# The column `Cloud`: scripts/column_hooks.py writes all up to the next comment.\n"
_END = "# End of the column `Cloud`.\n"


def sections() -> str:
    """Return the sections of the entry points."""
    return "\n".join(f'[project.entry-points."{PREFIX}{command}"]\nopenstackoid = "{HOOK}"\n' for command in COMMANDS)


def with_sections(text: str) -> str:
    """Return the text of ``pyproject.toml`` with the sections between its two comments."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end or _BEGIN in rest or _END in after:
        raise SystemExit(f"{FILE.name}: the comments between which the entry points stand are not there once")
    return f"{before}{_BEGIN}{sections()}{_END}{after}"


def main() -> None:
    """Write them."""
    FILE.write_text(with_sections(FILE.read_text()))


if __name__ == "__main__":
    main()
