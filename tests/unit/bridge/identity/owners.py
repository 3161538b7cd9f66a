# SPDX-License-Identifier: Apache-2.0
"""Keystones that know some users, and writes under a scope that these users send."""

from dataclasses import replace
from typing import Any

from openstackoid.mesh import Memory
from openstackoid.scope import Scope
from unit.bridge.stage import Script, Stage, Visit, says_json, token

STAYS = 'X-Scope: {"image":"CloudTwo"}'
GUEST = '!SCOPE!{"*":"CloudTwo","compute":"CloudOne","network":"CloudOne"}'
UNKNOWN = says_json({"error": {"code": 401, "title": "Unauthorized", "message": "no"}}, status="401 Unauthorized")


def known(*good: str, roles: tuple[str, ...] = ("member",), refusal: Script = UNKNOWN) -> Script:
    """Return a Keystone that accepts some tokens, each of the user of the same name, and answers all others with a refusal."""

    async def keystone(visit: Visit) -> None:
        (name,) = visit.values("x-subject-token")
        user = {"id": name, "name": name, "domain": {"id": "default", "name": "Default"}}
        await (says_json(token(*roles, user=user)) if name in good else refusal)(visit)

    return keystone


async def known_scope(stage: Stage, workflow: str) -> Scope | None:
    """Return the scope that the gateway knows, here or in its store."""
    return await stage.bridge.context.workflows.find(workflow, stage.mesh.clouds["CloudOne"].memory)


async def write(stage: Stage, token: str, *more: str, path: str = "/compute/servers") -> Any:
    headers = (f"X-Auth-Token: {token}", "Content-Type: application/json", *(more or (STAYS,)))
    return await stage.ask("POST", path, *headers, body=b"{}")


def limited(stage: Stage, memory: Memory) -> None:
    """Give CloudOne's gateway other bounds."""
    mesh = stage.mesh
    stage.change(mesh=replace(mesh, clouds={**mesh.clouds, "CloudOne": replace(mesh.clouds["CloudOne"], memory=memory)}))
