# SPDX-License-Identifier: Apache-2.0
"""Horizon as a process, and its pages as a user of them."""

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from horizon.environment import django, variables, write_settings

PATIENCE = 300.0
"""The seconds in which Horizon, a page or a server is there, on a machine that others use as well; each takes a few."""
_STOP = 15.0


@dataclass(frozen=True)
class Horizon:
    """A Horizon at work."""

    url: str
    log: Path

    def said(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]


@contextmanager
def running(folder: Path, settings: str) -> Iterator[Horizon]:
    """Run Horizon with these settings of its operator."""
    write_settings(folder, secrets.token_urlsafe(32), settings)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "horizon.log"
    command = django("runserver", "--insecure", "--noreload", f"127.0.0.1:{port}")
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=variables(folder), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            horizon = Horizon(f"http://127.0.0.1:{port}", log)
            _wait(process, horizon)
            yield horizon
        finally:
            process.terminate()
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", horizon: Horizon) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(f"{horizon.url}/auth/login/", timeout=PATIENCE):
                return
        except HTTPError as error:
            error.close()
            raise AssertionError(f"Horizon answers {error.code}; its log ends:\n{horizon.said()}") from None
        except (URLError, OSError):
            ended = process.poll() is not None or time.monotonic() > deadline
            assert not ended, f"Horizon does not answer; its log ends:\n{horizon.said()}"
            time.sleep(0.2)


@dataclass
class Dashboard:
    """A user in front of Horizon. ``page`` is Playwright's."""

    page: Any
    horizon: Horizon

    def open(self, path: str) -> Any:
        """Open a page, and return Playwright's page."""
        answer = self.page.goto(f"{self.horizon.url}/{path}")
        assert answer.ok, f"{path}: {answer.status}; the log of Horizon ends:\n{self.horizon.said()}"
        return self.page

    def regions(self) -> list[str]:
        """Return the choices of the log-in form."""
        return [text.strip() for text in self.open("auth/login/").locator("#id_region option").all_text_contents()]

    def log_in(self, user: str, password: str, region: str) -> None:
        """Log in, and be at a page that asks few services: the page after a log-in, of quotas and usage, asks most."""
        self.open("auth/login/?next=/project/api_access/")
        self.fill_in(user, password, region)
        self.page.locator(".region-title", has_text=region).wait_for()

    def fill_in(self, user: str, password: str, region: str) -> None:
        """Fill in the log-in form on the page, and send it."""
        self.page.fill("#id_username", user)
        self.page.fill("#id_password", password)
        self.page.select_option("#id_region", label=region)
        self.page.click("#loginBtn")

    def images(self) -> set[str]:
        """Return the ids of the images that the page "Images" lists."""
        links = self.open("project/images/").locator("a[href*='ngdetails/OS::Glance::Image/']")
        links.first.wait_for()
        return {href.rpartition("/")[2] for href in links.evaluate_all("all => all.map(each => each.getAttribute('href'))")}

    def boot(self, name: str, image: str, flavor: str) -> None:
        """Launch a server by the form "Launch Instance"; the only network is chosen already."""
        page = self.open("project/instances/")
        page.click("#instances__action_launch-ng")
        page.fill(".wizard #name", name)
        for step, row in (("Source", image), ("Flavor", flavor)):
            page.locator(".wizard .wizard-nav a", has_text=step).click()
            rows = page.locator(".wizard tr:visible", has=page.get_by_text(row, exact=True))
            rows.locator("button.fa-arrow-up").first.click()
        page.click(".wizard button.finish")
        page.locator(".wizard").wait_for(state="detached")

    def switch_project(self, name: str) -> None:
        """Choose another project in the header."""
        self.page.click("a:has(.context-project)")
        with self.page.expect_navigation():
            self.page.locator(".context-selection a", has_text=name).click()
        self.page.locator(".context-project", has_text=name).first.wait_for()

    def download(self, path: str) -> str:
        """Return the text of a file that a link of the page leads to."""
        return str(self.page.context.request.get(f"{self.horizon.url}/{path}", timeout=PATIENCE * 1000).text())
