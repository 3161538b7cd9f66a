# SPDX-License-Identifier: Apache-2.0
"""The user's file of further options."""

import re
from pathlib import Path

import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import options


def test_without_the_variable_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(options.VARIABLE, raising=False)
    assert options.chosen() == ""


def test_the_named_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "more.conf"
    file.write_text("[placement]\nconnect_retries = 5\n")
    monkeypatch.setenv(options.VARIABLE, str(file))
    assert options.chosen() == file.read_text()


@pytest.mark.parametrize("content", [None, b"no section = 1\n", b"[a]\nb = \xff\n"], ids=["missing", "no INI file", "no text"])
def test_another_file_is_refused_in_one_line(content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "more.conf"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(options.VARIABLE, str(file))
    with pytest.raises(
        OpenstackoidError, match=rf"^{options.VARIABLE}: {re.escape(str(file))} is not a file of options: "
    ) as raised:
        options.chosen()
    assert "\n" not in str(raised.value)
