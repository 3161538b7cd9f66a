# SPDX-License-Identifier: Apache-2.0
"""A user of CloudOne, and the programs that the user runs: they know the user by environment variables, and of scopes nothing."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from clients.tools import environment
from lab.plain_http import frontend

_PATIENCE = 240


@dataclass(frozen=True)
class Account:
    """A user of CloudOne. ``home`` is the home folder of the programs, so that they find no settings of another user."""

    keystone: str
    authority: str
    username: str
    password: str = field(repr=False)
    project: str
    home: Path

    @classmethod
    def of(cls, lab: Any, entry: str, home: Path) -> "Account":
        """Return the account of an entry of the lab's clouds.yaml."""
        auth = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())["clouds"][entry]["auth"]
        keystone = f"{frontend(lab, 'CloudOne')}/identity"
        return cls(keystone, lab["authority"], auth["username"], auth["password"], auth["project_name"], home)

    def url(self, scope: str = "") -> str:
        """Return the authentication URL, with a scope in it unless that is empty."""
        return f"{self.keystone}/scope/{scope}/v3" if scope else f"{self.keystone}/v3"

    def variables(self, scope: str = "") -> dict[str, str]:
        """Return the environment of a program: OpenStack's usual variables."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "OS_AUTH_URL": self.url(scope),
            "OS_USERNAME": self.username,
            "OS_PASSWORD": self.password,
            "OS_PROJECT_NAME": self.project,
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": "CloudOne",
            "OS_IDENTITY_API_VERSION": "3",
            "OS_CACERT": self.authority,
        }

    def run(self, *command: str | Path, scope: str = "", input: str | None = None, **variables: str) -> str:
        """Run a program, which must succeed, and return what it prints; a name without a folder is the clients' own."""
        return execute(command, self.variables(scope) | variables, self.home, text=input)


def execute(command: tuple[str | Path, ...], variables: Mapping[str, str], folder: Path, *, text: str | None = None) -> str:
    """Run a program of the clients' environment, or of the distribution; return its standard output. It must succeed."""
    program, *arguments = map(str, command)
    own = environment().script(program)
    done = subprocess.run(
        [str(own) if own.exists() else program, *arguments],
        env=variables,
        cwd=folder,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, f"{program} ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout
