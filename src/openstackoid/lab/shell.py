# SPDX-License-Identifier: Apache-2.0
"""Work as a user of a cloud: shell lines to evaluate, a shell, panes, logs."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.lab import Lab


def variables(lab: Lab, cloud: str, admin: bool = False) -> dict[str, str]:
    """Return the variables that make ``openstack`` a client of this cloud, as its member or its administrator.

    Raises :class:`OpenstackoidError` for an unknown cloud.
    """
    entry = lab.cloud(cloud).name + ("-admin" if admin else "")
    # clouds.yaml names the authority too; the variable is for clients that do not read that file.
    return {"OS_CLOUD": entry, "OS_CLIENT_CONFIG_FILE": str(lab.clouds_yaml), "OS_CACERT": str(lab.authority)}


def scripts() -> Path:
    """Return the folder of this Python's ``openstack`` and ``openstackoid``."""
    return Path(sys.executable).parent


def env_lines(lab: Lab, cloud: str, environment: Mapping[str, str], admin: bool = False) -> str:
    """Return shell lines for ``eval``, which also unset every earlier ``OS_*`` variable."""
    # For any POSIX shell; the earlier variables are those at the time of the evaluation.
    names = r"env | sed -n 's/^\(OS_[A-Za-z0-9_]*\)=.*/\1/p'"
    lines = [f'for _openstackoid in $({names}); do unset "$_openstackoid"; done; unset _openstackoid']
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables(lab, cloud, admin).items()]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in _without_proxy(environment).items()]
    folder = str(scripts())
    if folder not in environment.get("PATH", "").split(os.pathsep):
        lines.append(f'export PATH={shlex.quote(folder)}:"$PATH"')
    return "\n".join(lines) + "\n"


def shell_environment(lab: Lab, cloud: str, environment: Mapping[str, str], admin: bool = False) -> dict[str, str]:
    """Return the environment of a shell of this cloud's user."""
    kept = {name: value for name, value in environment.items() if not name.startswith("OS_")}
    path = os.pathsep.join([str(scripts()), *filter(None, [kept.get("PATH")])])
    return {**kept, **_without_proxy(environment), **variables(lab, cloud, admin), "PATH": path}


def _without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep clients from the user's proxy for the loopback address, if there is a proxy."""
    if not any(name.lower() in ("http_proxy", "all_proxy") for name in environment):
        return {}
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if "127.0.0.1" not in spared.split(","):
        spared = ",".join(filter(None, ["127.0.0.1", spared]))
    return {"no_proxy": spared, "NO_PROXY": spared}


def shell_command(cloud: str, shell: str, admin: bool, folder: Path) -> list[str]:
    """Return the command of an interactive shell whose prompt names the cloud.

    Bash gets a start-up file in ``folder``, which reads the user's own first; other shells show their usual prompt.
    """
    if Path(shell).name != "bash":
        return [shell, "-i"]
    label = cloud + (" (admin)" if admin else "")
    prompt = f"\\[\\e[1m\\]{label}\\[\\e[0m\\] \\w \\$ "
    start = folder / f"bashrc-{cloud}{'-admin' if admin else ''}"
    path = f"PATH={shlex.quote(str(scripts()))}:$PATH"
    start.write_text(f"[ -f ~/.bashrc ] && . ~/.bashrc\n{path}\nPS1={shlex.quote(prompt)}\n")
    start.chmod(0o600)
    return [shell, "--rcfile", str(start), "-i"]


def enter(lab: Lab, cloud: str, admin: bool = False) -> None:
    """Become a shell of this cloud's user; does not return.

    Raises :class:`OpenstackoidError` for an unknown cloud, or a shell that cannot be run.
    """
    environment = shell_environment(lab, cloud, os.environ, admin)
    shell = os.environ.get("SHELL") or "/bin/bash"
    command = shell_command(cloud, shutil.which(shell) or "/bin/bash", admin, lab.directory)
    try:
        os.execve(command[0], command, environment)  # noqa: S606
    except OSError as error:
        raise OpenstackoidError(f"cannot run the shell {shell}: {error}") from error


def tmux(lab: Lab) -> None:
    """Become a tmux with a shell for each cloud, one above the other; does not return.

    Raises :class:`OpenstackoidError` without tmux or clouds.
    """
    program = shutil.which("tmux")
    if program is None:
        raise OpenstackoidError("tmux is not installed", hint="apt-get install tmux, or `openstackoid lab shell CLOUD`")
    if not lab.clouds:
        raise OpenstackoidError(f"the lab {lab.name!r} has no clouds yet", hint="openstackoid lab up")
    if os.environ.get("TMUX"):
        raise OpenstackoidError("this is inside tmux already", hint="`openstackoid lab shell CLOUD` in a pane of each")
    session = session_name(lab)
    there = subprocess.run([program, "has-session", "-t", f"={session}"], capture_output=True, check=False)
    join = [program, "attach-session", "-t", f"={session}"]
    os.execv(program, tmux_command(lab, program) if there.returncode else join)  # noqa: S606


def session_name(lab: Lab) -> str:
    """Return the name of the lab's tmux session."""
    return f"openstackoid-{lab.name}"


def tmux_command(lab: Lab, program: str) -> list[str]:
    """Return the command that opens a session with a pane for each cloud."""
    session = session_name(lab)

    def pane(cloud: str) -> str:
        command = [sys.executable, "-m", "openstackoid", "lab", "shell", cloud, "--lab", lab.name]
        # A running tmux server has the environment of its own start.
        home = os.environ.get("XDG_STATE_HOME")
        return shlex.join(["env", f"XDG_STATE_HOME={home}", *command] if home else command)

    first, *others = (cloud.name for cloud in lab.clouds)
    command = [program, "new-session", "-s", session, pane(first)]
    for cloud in others:
        command += [";", "split-window", "-v", "-t", session, pane(cloud)]
    return [*command, ";", "select-layout", "-t", session, "even-vertical"]
