# SPDX-License-Identifier: Apache-2.0
"""The six views, and their pictures in light and dark."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHOICE = "/choose?image=CloudTwo&compute=CloudOne+%7C+CloudTwo&network=CloudTwo"
SCHEMES = ("light", "dark")
SEEN = {
    "now": "text=peer (CloudThree)",
    "clouds": "main >> text=CloudThree",
    "peers": "text=the same",
    "uses": "main table",
    "choose": "#verdict",
    "trace": "svg.waterfall",
}
"""The part of each view for which a picture waits: the peers are asked while the first page is shown, which renews itself."""

FILES = {f"console-{name}-{scheme}.png": (name, scheme) for scheme in SCHEMES for name in SEEN}
"""The pictures: a view and a scheme of colours for each file."""


def views(traced: str) -> dict[str, str]:
    """Return the paths of the views by their names. ``traced``: the id of a traced request."""
    return {
        "now": "/",
        "clouds": "/clouds",
        "peers": "/peers",
        "uses": "/uses",
        "choose": CHOICE,
        "trace": f"/trace?id={traced}",
    }


def take(page: Any, url: str, paths: Mapping[str, str], folder: Path) -> None:
    """Take a picture of each view of a console, with an operator who has logged in, into a folder."""
    for file, (name, scheme) in FILES.items():
        page.emulate_media(color_scheme=scheme)
        page.goto(url + paths[name])
        page.locator(SEEN[name]).first.wait_for()
        page.screenshot(path=folder / file)
