# SPDX-License-Identifier: Apache-2.0
"""The content of log lines, of ours and of the libraries."""

import io
import logging
from collections.abc import Iterator

import pytest

from openstackoid.bridge import log


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (
            "/image/v2/images/6a1f0d7c-3f1c-4b0e-9d0f-0d5b7b6f0c1e/file",
            "/image/v2/images/6a1f0d7c-3f1c-4b0e-9d0f-0d5b7b6f0c1e/file",
        ),
        ("/identity/v3/auth/tokens", "/identity/v3/auth/tokens"),
        ("/v2.0/tokens/gAAAAABlongerthanauuidwithdashes1234567890", "/v2.0/tokens/..."),
        ("/x/tok!SCOPE!{}/y", "/x/.../y"),
        ("/a%2Fb//\x1b[31m", "/...//..."),
        ("/" + "a/" * 100, "/" + "a/" * 14 + "a"),
    ],
)
def test_a_path(path: str, shown: str) -> None:
    assert log.shown_path(path) == shown


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    log.set_up()
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_records_of_ours_stand_as_they_are(written: io.StringIO) -> None:
    log.LOG.info("bridge of %s: %d%%", "CloudOne", 5)
    assert written.getvalue().endswith("bridge INFO bridge of CloudOne: 5%\n")


def test_of_others_records_only_the_template_is_shown(written: io.StringIO) -> None:
    other = logging.getLogger("aiohttp.server")
    try:
        raise ValueError("secret")
    except ValueError:
        other.exception("Error handling request from %s\nsecret", "secret")
    assert written.getvalue().endswith("bridge ERROR aiohttp.server: Error handling request from %s ValueError\n")
    assert written.getvalue().count("\n") == 1
