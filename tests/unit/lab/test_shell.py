# SPDX-License-Identifier: Apache-2.0
"""The user's side: shell lines, shells, panes, logs."""

import subprocess
import sys
from pathlib import Path

import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import logs, shell
from openstackoid.lab.lab import Lab


@pytest.fixture(name="lab")
def _lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("OPENSTACKOID_LAB_CLOUDS", "CloudOne,CloudTwo")
    lab = Lab.described("unit")
    lab.save()
    return Lab.load("unit")


def test_the_lines_replace_earlier_variables(lab: Lab) -> None:
    lines = shell.env_lines(lab, "CloudOne", {"PATH": "/usr/bin:/bin"})
    before = {"PATH": "/usr/bin:/bin", "OS_PASSWORD": "x y", "OS_SCOPE": "{", "KEPT": "1"}
    script = f"{lines}\nenv"
    done = subprocess.run(["sh", "-c", script], env=before, capture_output=True, text=True, check=True)
    after = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert {name for name in after if name.startswith("OS_")} == {"OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "OS_CACERT"}
    assert after["OS_CLOUD"] == "CloudOne"
    assert after["OS_CLIENT_CONFIG_FILE"] == str(lab.clouds_yaml)
    assert after["PATH"].startswith(str(Path(sys.executable).parent))
    assert after["KEPT"] == "1"
    assert done.stderr == ""


def test_a_proxy_is_not_asked_for_the_lab(lab: Lab) -> None:
    lines = shell.env_lines(lab, "CloudOne", {"http_proxy": "http://proxy.example:3128", "no_proxy": "intranet.example"})
    assert "export no_proxy=127.0.0.1,intranet.example\n" in lines
    assert "NO_PROXY=127.0.0.1,intranet.example" in lines
    assert "no_proxy" not in shell.env_lines(lab, "CloudOne", {}).lower()
    kept = shell.shell_environment(lab, "CloudOne", {"HTTPS_PROXY": "http://p", "ALL_PROXY": "http://p", "NO_PROXY": "127.0.0.1"})
    assert kept["NO_PROXY"] == "127.0.0.1"


def test_the_administrators_entry(lab: Lab) -> None:
    assert "OS_CLOUD=CloudTwo-admin\n" in shell.env_lines(lab, "CloudTwo", {}, admin=True)


def test_no_password_is_in_the_lines(lab: Lab) -> None:
    lines = shell.env_lines(lab, "CloudOne", {})
    for password in lab.site(lab.cloud("CloudOne")).secrets.values():
        assert password not in lines


def test_an_unknown_cloud_is_an_answer(lab: Lab) -> None:
    with pytest.raises(OpenstackoidError, match=r"no cloud 'CloudNine'; it has: CloudOne, CloudTwo"):
        shell.env_lines(lab, "CloudNine", {})


def test_the_prompt_names_the_cloud(lab: Lab) -> None:
    command = shell.shell_command("CloudOne", "/bin/bash", admin=True, folder=lab.directory)
    start = lab.directory / "bashrc-CloudOne-admin"
    assert command == ["/bin/bash", "--rcfile", str(start), "-i"]
    assert "CloudOne (admin)" in start.read_text()
    assert start.stat().st_mode & 0o077 == 0


def test_another_shell_is_taken_as_it_is(lab: Lab) -> None:
    assert shell.shell_command("CloudOne", "/usr/bin/fish", admin=False, folder=lab.directory) == ["/usr/bin/fish", "-i"]


def test_the_shells_environment_has_no_stale_variable(lab: Lab) -> None:
    environment = shell.shell_environment(lab, "CloudOne", {"OS_TOKEN": "x", "HOME": "/h"})
    assert "OS_TOKEN" not in environment
    assert environment["HOME"] == "/h"


def test_tmux_has_a_pane_for_each_cloud(lab: Lab) -> None:
    command = shell.tmux_command(lab, "/usr/bin/tmux")
    assert command.count("split-window") == 1
    assert "-v" in command
    assert any("lab shell CloudOne --lab unit" in word for word in command)
    assert any("lab shell CloudTwo --lab unit" in word for word in command)


def test_without_tmux_there_is_an_answer(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OpenstackoidError, match="tmux is not installed"):
        shell.tmux(lab)


def test_logs_are_found_by_service(lab: Lab) -> None:
    log = lab.log("CloudOne", "glance")
    log.parent.mkdir(parents=True)
    log.write_text("x")
    assert logs.files(lab, "CloudOne", None) == [log]
    assert logs.files(lab, "CloudOne", "glance") == [log]
    with pytest.raises(OpenstackoidError, match=r"no log of 'nova'; it has: glance"):
        logs.files(lab, "CloudOne", "nova")
    with pytest.raises(OpenstackoidError, match="CloudTwo has no logs yet"):
        logs.files(lab, "CloudTwo", None)
