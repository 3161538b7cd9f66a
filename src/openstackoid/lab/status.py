# SPDX-License-Identifier: Apache-2.0
"""`lab status`: processes, their states and their memory."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from openstackoid.lab import services, swift
from openstackoid.lab.catalog import apis
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.lab import Lab
from openstackoid.lab.processes import memory
from openstackoid.lab.waiting import answers

_SHARED = ("mariadb", "rabbitmq", "epmd")
_PATIENCE = 5.0
"""Seconds within which a running service answers."""


def status(lab: Lab) -> dict[str, Any]:
    """Return the state of the lab as plain data.

    A service's ``state`` is ``up``, ``down`` (no process) or ``silent`` (a process, but no answer); ``type`` is its service type
    or None; ``pid`` is None when it is down; ``memory`` is resident memory in bytes, its children's too. A cloud's ``state`` is
    ``up``, ``down``, or ``degraded`` when only some of its services are up.
    """
    with ThreadPoolExecutor(8) as pool:
        clouds = list(pool.map(lambda cloud: _cloud(lab, cloud), lab.clouds))
    return {
        "lab": lab.name,
        "state_dir": str(lab.directory),
        "venv": str(lab.venv),
        "authority": str(lab.authority),
        "shared": {
            "state": overall(shared := [_service(lab, "shared", name) for name in _SHARED]),
            "services": shared,
        },
        "clouds": clouds,
    }


def overall(members: list[dict[str, Any]]) -> str:
    """Return the state of a whole from those of its parts."""
    up = sum(member["state"] == "up" for member in members)
    if up == len(members):
        return "up"
    return "degraded" if any(member["state"] != "down" for member in members) else "down"


def _cloud(lab: Lab, cloud: Cloud) -> dict[str, Any]:
    where = lab.addresses(cloud)
    urls = {services.process_name(api): where.backend(api.type) + "/" for api in apis(cloud)}
    urls[services.GATEWAY] = where.health()[0]
    urls |= swift.health_urls(where)
    types = {services.process_name(api): api.type for api in apis(cloud)}
    with ThreadPoolExecutor(len(urls)) as pool:
        found = pool.map(lambda name: _service(lab, cloud.name, name, types.get(name), urls.get(name)), lab.process_names(cloud))
        members = list(found)
    return {
        "name": cloud.name,
        "frontend": where.frontend("identity").removesuffix("/identity"),
        "state": overall(members),
        "services": members,
    }


def _service(lab: Lab, owner: str, name: str, service_type: str | None = None, url: str | None = None) -> dict[str, Any]:
    process = lab.table.find(owner, name)
    state = "down"
    if process is not None:
        state = "up" if url is None or answers(url, lab.authority, _PATIENCE) else "silent"
    return {
        "name": name,
        "type": service_type,
        "state": state,
        "pid": process.pid if process else None,
        "memory": memory(process) if process else 0,
    }


def show(report: dict[str, Any], console: Console) -> None:
    """Print the state of the lab, a table for each cloud."""
    console.print(f"lab {report['lab']}  [dim]{report['state_dir']}[/dim]", soft_wrap=True)
    wholes = [*report["clouds"], {"name": "shared", "frontend": "", **report["shared"]}]
    for whole in wholes:
        console.print(f"\n[bold]{whole['name']}[/bold]  {_coloured(whole['state'])}  {whole['frontend']}")
        grid = Grid(box=None, pad_edge=True, show_header=False)
        for width in (18, 14, 7, 8, 10):
            grid.add_column(width=width)
        for member in whole["services"]:
            grid.add_row(
                member["name"],
                f"[dim]{member['type'] or ''}[/dim]",
                _coloured(member["state"]),
                str(member["pid"] or ""),
                f"{member['memory'] / 1024**2:.0f} MiB" if member["memory"] else "",
            )
        console.print(grid)
    total = sum(member["memory"] for whole in wholes for member in whole["services"])
    console.print(f"\nmemory in all: {total / 1024**3:.2f} GiB")


def _coloured(state: str) -> str:
    return f"[{'green' if state == 'up' else 'red' if state == 'down' else 'yellow'}]{state}[/]"
