# SPDX-License-Identifier: Apache-2.0
"""Tokens of the lab's Keystones, and an expired one, made without a wait."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml

from examples.session import User, tls

_MINT = Path(__file__).with_name("mint_token.py")


def token_of(user: User) -> str:
    """Return a new token of a user."""
    return str(user.openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip())


def expired_token(lab: Any, user: User) -> str:
    """Return a token of a user that was valid until an hour ago. The entry has the name of the cloud."""
    issued = user.openstack("token", "issue", "-f", "json").json()
    return mint(lab, user.entry, "expired", issued["user_id"], issued["project_id"])


def mint(lab: Any, cloud: str, kind: str, user: str, project: str) -> str:
    """Return a token that a cloud's keys make without its Keystone: of a kind of ``mint_token.py``, for these ids."""
    made = _MINTED[cloud, kind, user, project]
    if not made:
        # Each is another token, and to import Keystone takes seconds.
        configuration = Path(lab["state_dir"], f"clouds/{cloud}/conf/keystone/keystone.conf")
        command = [f"{lab['venv']}/bin/python", str(_MINT), str(configuration), kind, user, project, "8"]
        made += subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return made.pop()


_MINTED: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)


def login(auth: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of a log-in by password, by ``auth`` of an entry of clouds.yaml."""
    user = {"name": auth["username"], "domain": {"id": "default"}, "password": auth["password"]}
    project = {"name": auth["project_name"], "domain": {"id": "default"}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}}


def service_token(lab: Any, cloud: str, service: str = "nova") -> str:
    """Return a new token of a service's own account, as the service sends it in ``X-Service-Token``."""
    passwords = json.loads(Path(lab["state_dir"], f"clouds/{cloud}/passwords.json").read_text())
    body = login({"username": service, "password": passwords[service], "project_name": "service"})
    url = f"{keystone(lab, cloud)}/auth/tokens"
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60, context=tls()) as answer:
        return str(answer.headers["X-Subject-Token"])


def revoke(lab: Any, cloud: str, token: str) -> None:
    """Have a cloud's Keystone revoke a token, by the token's own right."""
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    request = Request(f"{keystone(lab, cloud)}/auth/tokens", headers=headers, method="DELETE")
    with urlopen(request, timeout=60, context=tls()) as answer:
        assert answer.status == 204


def keystone(lab: Any, cloud: str) -> str:
    """Return the authentication URL of a cloud."""
    entries = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())["clouds"]
    return str(entries[cloud]["auth"]["auth_url"])
