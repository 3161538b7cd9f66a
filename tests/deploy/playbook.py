# SPDX-License-Identifier: Apache-2.0
"""The Ansible collection from its archive, and plays by it on a booted machine, which Ansible enters instead of logging in."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from deploy.debian import ENVIRONMENT, Machine, run

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.prefix, "ansible/bin")
"""Programs of Ansible, in an environment of their own: `make deploy-test` makes it."""
_ENTER = """\
#!/bin/sh
# The last argument is the command.
for command; do :; done
exec {enter} env --ignore-environment --chdir=/ {environment} sh -c "$command"
"""


def ansible(program: str, *arguments: str | Path, folder: Path, inside: Path = ROOT) -> str:
    """Run a program of Ansible inside a folder, with its own files below another one. Raises :class:`CommandError`."""
    environment = {
        "PATH": f"{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_PIPELINING": "true",
    }
    return run("env", f"--chdir={inside}", PROGRAMS / program, *arguments, environment=environment)


def install_collection(folder: Path) -> Path:
    """Build the collection and install it below a folder, by the commands of its README. Return its place."""
    ansible("ansible-galaxy", "collection", "build", ROOT / "deploy/collection", "--output-path", folder, folder=folder)
    (archive,) = folder.glob("openstackoid-gateway-*.tar.gz")
    ansible("ansible-galaxy", "collection", "install", "--offline", archive, folder=folder)
    return folder / "collections/ansible_collections/openstackoid/gateway"


class Playbook:
    """A play of roles, as root on a machine, a load balancer; ``variables`` are theirs, ``folder`` has its files."""

    def __init__(self, machine: Machine, folder: Path, roles: list[str], variables: dict[str, Any]) -> None:
        self._folder = folder
        enter = folder / "enter"
        inside = " ".join(machine.command("--mount", "--uts", "--ipc", "--pid", "--root"))
        enter.write_text(_ENTER.format(enter=inside, environment=shlex.join(f"{k}={v}" for k, v in ENVIRONMENT.items())))
        enter.chmod(0o700)
        settings = {
            "ansible_ssh_executable": str(enter),
            "ansible_ssh_transfer_method": "piped",
            "ansible_become_method": "su",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        # JSON is YAML.
        groups = {"loadbalancer": {"hosts": {"machine": {**settings, **variables}}}}
        (folder / "inventory.json").write_text(json.dumps({"all": {"children": groups}}))
        play = {"hosts": "loadbalancer", "gather_facts": False, "roles": roles}
        (folder / "play.json").write_text(json.dumps([play]))

    def play(self, name: str | None = None) -> dict[str, int]:
        """Play it, or a playbook of the collection by its name, and return the numbers of its recap."""
        files = ("--inventory", self._folder / "inventory.json", name or self._folder / "play.json")
        said = ansible("ansible-playbook", *files, folder=self._folder)
        recap = said.rpartition("PLAY RECAP")[2].partition(" : ")[2].split()
        return {name: int(number) for name, _, number in (word.partition("=") for word in recap)}
