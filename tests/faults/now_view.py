# SPDX-License-Identifier: Apache-2.0
"""A console of CloudOne's gateway, and the items of its view *Now*."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from openstackoid.telemetry import GATEWAY, PEER, SERVICE
from unit.gateway.running import PATIENCE, free_port

_HEADINGS = {GATEWAY: "This gateway", SERVICE: "Services", PEER: "Peers"}


@dataclass(frozen=True)
class Shown:
    """An item of the view: its text, and the text of its remedy.

    ``first``: the text of the first line of the view.
    """

    text: str
    todo: str
    first: str


@dataclass(frozen=True)
class NowView:
    """The view of the console at a port."""

    port: int

    def shown(self, of: str, name: str) -> Shown | None:
        """Return the item of an owner with a name, if the view says that it is down or has a warning."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=30) as answer:
            page = answer.read().decode()
        verdict = re.search(r'<p class="verdict.*?</p>', page, re.DOTALL)
        for section in re.findall(r"<section.*?</section>", page, re.DOTALL):
            for item in re.findall(r"<li>.*?</li>", section, re.DOTALL):
                if _HEADINGS[of] in section and f'<span class="name">{name}</span>' in item and _is_wrong(item):
                    todo = re.search(r'<p class="todo">.*?</p>', item, re.DOTALL)
                    return Shown(_text(item), _text(todo[0] if todo else ""), _text(verdict[0] if verdict else ""))
        return None


def _is_wrong(item: str) -> bool:
    return "s-down" in item or "s-warning" in item


def _text(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "", markup)).split())


@contextmanager
def console(folder: Path, config: Path, state: Path) -> Iterator[NowView]:
    """Run a console of the gateway of CloudOne with this description and state folder."""
    port, log = free_port(), folder / "console.log"
    command = [sys.executable, "-W", "error", "-m", "openstackoid", "console", "--cloud", "CloudOne", "--config", str(config)]
    with log.open("wb") as output:
        words = [*command, "--state-dir", str(state), "--listen", f"127.0.0.1:{port}"]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=output)
    try:
        until = time.monotonic() + PATIENCE
        while "is ready on" not in log.read_text():
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield NowView(port)
    finally:
        process.terminate()
        process.wait(PATIENCE)
