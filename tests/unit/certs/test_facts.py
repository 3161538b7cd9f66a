# SPDX-License-Identifier: Apache-2.0
"""``certs`` shows the content of a file, by command and by function."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openstackoid.certs import CertsError, issue, make_authority, read_facts
from openstackoid.cli import main


def test_each_certificate_of_a_file_is_told(tmp_path: Path) -> None:
    make_authority(tmp_path)
    path = issue(tmp_path, "CloudOne", ["gw.one", "::1"], 90)
    path.write_bytes(path.read_bytes() + (tmp_path / "authority.pem").read_bytes())
    own, authority = read_facts(path)
    assert (own.subject, own.names, own.signs) == ("CN=CloudOne", ("CloudOne", "gw.one", "::1"), False)
    assert own.issuer == authority.subject == authority.issuer
    assert authority.signs
    assert abs(own.ends - datetime.now(UTC) - timedelta(days=90)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "there is no PEM certificate"), (b"\xff", "there is no PEM certificate"), (None, "cannot be read")],
)
def test_a_file_without_a_certificate_is_an_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CertsError, match=message):
        read_facts(path)


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = ["--directory", str(tmp_path)]
    assert main(["certs", "authority", *directory]) == 0
    assert "authority.key stays with the issuer" in capsys.readouterr().out
    assert (
        main(["certs", "issue", *directory, "--cloud", "CloudOne", "--host", "127.0.0.1", "--host", "gw.one", "--days", "9"]) == 0
    )
    assert f"{tmp_path / 'CloudOne.pem'} holds certificate and key" in capsys.readouterr().out
    assert main(["certs", "show", str(tmp_path / "CloudOne.pem")]) == 0
    shown = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert shown["subject"] == "CN=CloudOne"
    assert shown["names"] == "CloudOne, 127.0.0.1, gw.one"
    assert shown["ends"].startswith((datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d"))
    assert "PRIVATE" not in str(shown)


def test_a_refusal_is_one_line_with_the_command_to_try(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certs", "issue", "--directory", str(tmp_path), "--cloud", "CloudOne"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"openstackoid: {tmp_path}/authority.pem: there is no authority here",
        f"  try: openstackoid certs authority --directory {tmp_path}",
    ]
