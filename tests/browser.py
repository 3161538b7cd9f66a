# SPDX-License-Identifier: Apache-2.0
"""Debian's Chromium, which Playwright drives: installed once for all suites with a browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import check_installable, install_packages

CHROMIUM = "chromium"
"""The program, and Debian's package."""


class NoChromiumError(OpenstackoidError):
    """The machine has no Chromium and cannot install it."""


def install_chromium(log: Path) -> None:
    """Install Chromium if it is not there. Raises :class:`NoChromiumError`."""
    if shutil.which(CHROMIUM) is not None:
        return
    try:
        check_installable([CHROMIUM])
        install_packages([CHROMIUM], log)
    except OpenstackoidError as error:
        raise NoChromiumError(str(error).partition("\n")[0]) from None


@contextmanager
def running_chromium() -> Iterator[Any]:
    """Give Playwright's browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the group "browser", which the installer does without

    program = shutil.which(CHROMIUM)
    assert program is not None, "there is no chromium; the target of make installs it"
    with sync_playwright() as playwright:
        # Chromium refuses to run as root inside its sandbox; it opens no page but those of the tests, without a proxy.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--no-proxy-server"])
        yield browser
        browser.close()
