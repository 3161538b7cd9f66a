# SPDX-License-Identifier: Apache-2.0
"""``openstackoid console`` refuses wrong options at its start, each in a line that says what is accepted."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from openstackoid.certs import make_authority
from openstackoid.cli import console, main
from openstackoid.cli.console import _keystone
from openstackoid.console import Options, serve
from unit.console.seen import description
from unit.gateway.running import free_port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mesh.yaml").write_text(description())
    (tmp_path / "text.pem").write_text("no certificate\n")
    return tmp_path


def words(folder: Path, *more: str) -> list[str]:
    return ["console", "--cloud", "CloudOne", "--config", f"{folder}/mesh.yaml", "--state-dir", f"{folder}/state", *more]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--cloud", "CloudNine"], "--cloud CloudNine: the mesh has no such cloud; known: CloudOne, CloudThree, CloudTwo"),
        (["--config", "{}/nowhere"], "--config {}/nowhere: a mesh description is accepted, a file or a folder; there is none"),
        (
            ["--authority", "{}/nowhere.pem"],
            "--authority {}/nowhere.pem: there is no PEM certificate of an authority in it, or it cannot be read",
        ),
        (
            ["--authority", "{}/text.pem"],
            "--authority {}/text.pem: there is no PEM certificate of an authority in it, or it cannot be read",
        ),
        (["--authority", ""], "--authority '': a PEM file with the certificate of an authority is accepted"),
        (
            ["--certificate", "{}/text.pem"],
            "--certificate {}/text.pem: a readable PEM file with a certificate and its key is accepted",
        ),
    ],
)
def test_a_wrong_option_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str) -> None:
    listen = ["--listen", f"127.0.0.1:{free_port()}"]
    assert main(words(folder, *listen, *(word.format(folder) for word in more))) == 1
    assert capsys.readouterr().err == f"openstackoid: {said.format(folder)}\n"


def test_its_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(console, "find_spec", lambda name: None)
    assert main(words(folder)) == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "openstackoid: the console needs Jinja2, which is not installed"
    assert hint == "  try: pip install Jinja2"


@pytest.mark.parametrize("role", ["", " "])
def test_a_role_has_a_name(folder: Path, capsys: pytest.CaptureFixture[str], role: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words(folder, "--role", role))
    assert f"argument --role: {role!r}: the name of a role of Keystone is accepted, such as admin\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "https://console.example", "a b"])
def test_a_name_is_a_value_of_host(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words(folder, "--name", name))
    said = f"argument --name: {name!r}: a host is accepted, with its port if it is not that of the scheme: console.example:8443\n"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["foo", "", "cloud-one.example:5000", "ftp://cloud-one.example", "http://", "https://a/v2.0", "http://a:0"]
)
def test_a_keystone_is_a_url(folder: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words(folder, "--keystone", url))
    accepted = "the http:// or https:// URL of a Keystone is accepted, such as https://cloud-one.example:5000"
    assert f"argument --keystone: {url!r}: {accepted}\n" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["http://a:5000", "http://a:5000/", "http://a:5000/v3", "http://a:5000/v3/"])
def test_the_version_of_a_keystone_may_be_in_its_url(url: str) -> None:
    assert _keystone(url) == "http://a:5000"


@pytest.mark.parametrize("mesh", [description(), "mesh: 2\n"], ids=["good", "broken"])
def test_it_starts_with_good_options_and_also_with_a_broken_description(folder: Path, mesh: str) -> None:
    make_authority(folder)
    (folder / "mesh.yaml").write_text(mesh)
    port, said = free_port(), list[str]()

    def say(line: str) -> None:
        said.append(line)
        os.kill(os.getpid(), signal.SIGTERM)

    authority = str(folder / "authority.pem")
    asyncio.run(serve(Options("CloudOne", folder / "mesh.yaml", folder / "state", port=port, authority=authority), say))
    assert said == [f"the console of CloudOne is ready on http://127.0.0.1:{port}"]
