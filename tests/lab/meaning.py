# SPDX-License-Identifier: Apache-2.0
"""Requests of the tests of the meaning table to real clouds by plain HTTP: a log-in for each user, and the answering cloud."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
import yaml

from examples.session import BIN, authority
from lab.tokens import login
from openstackoid.mesh import Mesh, load_mesh

PATIENCE = 60


def marked() -> str:
    """Return a fresh request id of a scoped workflow."""
    return f"req-5c09ed{str(uuid4())[6:]}"


def traced() -> str:
    """Return a fresh request id whose hops the gateways record."""
    return f"req-7472ace0-{str(uuid4()).partition('-')[2]}"


def member(world: "World", entry: str) -> dict[str, Any]:
    """Return the body of a log-in by the password of an entry in clouds.yaml."""
    return login(yaml.safe_load((world.state / "clouds.yaml").read_text())["clouds"][entry]["auth"])


def listed(
    lab: Any, folder: Path, *options: str, variable: str = "", default: dict[str, str] | None = None
) -> tuple[int, set[str]]:
    """Return exit code and images of the stock command, with a scope in the places that are given."""
    entry = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())["clouds"]["CloudOne"]
    config = folder / "clouds.yaml"
    config.touch(0o600)
    config.write_text(yaml.safe_dump({"clouds": {"CloudOne": entry | ({"scope": default} if default else {})}}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "OPENSTACKOID_SCOPE"))}
    environment |= {"OS_CLOUD": "CloudOne", "OS_CLIENT_CONFIG_FILE": str(config)}
    environment |= {"OPENSTACKOID_SCOPE": variable} if variable else {}
    command = [str(BIN / "openstack"), "image", "list", "--name", "cirros", "-f", "json", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, {row["ID"] for row in json.loads(done.stdout or "[]")}


def exchange(token: str) -> dict[str, Any]:
    """Return the body of a log-in by a token."""
    return {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}


@dataclass
class World:
    """The lab's clouds. Headers are named with underscores: ``X_Scope='{"image":"CloudTwo"}'``."""

    state: Path
    tokens: dict[str, str] = field(default_factory=dict)

    @cached_property
    def mesh(self) -> Mesh:
        return load_mesh(self.state / "mesh.yaml")

    def token(self, entry: str) -> str:
        """Return the one token of a user, by the entry in clouds.yaml."""
        if entry not in self.tokens:
            known = yaml.safe_load((self.state / "clouds.yaml").read_text())["clouds"][entry]["auth"]
            self.tokens[entry] = self.post(entry.partition("-")[0], "", login(known)).headers["X-Subject-Token"]
        return self.tokens[entry]

    def url(self, at: str, service: str, path: str) -> str:
        endpoint = self.mesh.clouds[at].endpoint(service, "public")
        assert endpoint is not None
        return endpoint.frontend.root() + path

    def ask(self, method: str, at: str, service: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a request to a service's frontend at the gateway of ``at``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.url(at, service, path)
        return requests.request(method, url, json=body, headers=named, timeout=PATIENCE, verify=authority())

    def post(self, at: str, segment: str, body: Any, **headers: str) -> requests.Response:
        """Ask for a token, at an authentication URL with the scope ``segment`` in it, or ``""``."""
        scope = f"/scope/{segment}" if segment else ""
        return self.ask("POST", at, "identity", f"{scope}/v3/auth/tokens", body, **headers)

    @cached_property
    def owners(self) -> dict[str, str]:
        """Which cloud has the image ``cirros``, the network ``lab`` or the resource provider of an id."""
        found: dict[str, str] = {}
        for cloud in self.mesh.clouds:
            for service, key, path in (
                ("image", "images", "/v2/images?name=cirros"),
                ("network", "networks", "/v2.0/networks?name=lab"),
                ("placement", "resource_providers", "/resource_providers"),
            ):
                answer = self.ask("GET", cloud, service, path, X_Auth_Token=self.token(f"{cloud}-admin"))
                found |= {row.get("id") or row["uuid"]: cloud for row in answer.json()[key]}
        return found

    def serving(self, at: str, service: str, **headers: str) -> str:
        """Return the cloud that answers for a service, or the status and the words of a refusal."""
        path, key = {
            "image": ("/v2/images?name=cirros", "images"),
            "network": ("/v2.0/networks?name=lab", "networks"),
            "placement": ("/resource_providers", "resource_providers"),
        }[service]
        answer = self.ask("GET", at, service, path, **headers)
        if answer.status_code != 200:
            return f"{answer.status_code} {answer.text}"
        (owner,) = {self.owners[row.get("id") or row["uuid"]] for row in answer.json()[key]}
        return owner

    def hops(self, at: str, request_id: str) -> list[tuple[str, str]]:
        """Return where the gateway of ``at`` sent a traced request, and how the scope had come."""
        gateway = self.mesh.clouds[at].endpoints[0].frontend.origin()
        url = f"{gateway}/.openstackoid/trace/{request_id}"
        page = requests.get(url, timeout=PATIENCE, verify=authority()).json()
        return [(hop["cloud"], hop["via"]) for hop in page["hops"]]
