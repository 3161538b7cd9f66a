# SPDX-License-Identifier: Apache-2.0
"""How a scope travels, hop by hop, from a run on the real lab: ``python -m examples.coverage``, or ``make coverage``.

Each workflow's commands are followed by their request ids. What the gateways recorded of each hop is compared with what the scope
says of its service, and written down: ``docs/understand/coverage.md`` is made by ``--output``. Nothing in it is written by hand.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import yaml
from rich.text import Text

from examples.session import NoLabError, Outcome, User, authority, lab_with
from examples.stage import PromiseError, console, show_command
from examples.workflows import LEFTOVERS, WORKFLOWS, Workflow
from openstackoid.mesh import Mesh, load_mesh
from openstackoid.routing import target_cloud
from openstackoid.scope import Scope, parse

HOME = "CloudOne"
_TRACED = re.compile(r"req-7472ace0-[0-9a-f-]{27}")
_PARTS = re.compile(
    r"(?<=/)(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}|cov-[a-z-]+|cirros|lab|m1\.[a-z]+|AUTH_[^/]+|\.\.\.)(?=/|$)"
)
_VERSION = re.compile(r"^/v[0-9.]+(?:/(?:[0-9a-f]{32}|AUTH_[^/]+)(?=/|$))?")
OWN_REQUESTS = {"network": ["GET /v2.0/**", "PUT /v2.0/ports/*"]}
"""What Nova asks of the other cloud's services with its own token: it binds ports, and looks after them."""

_PATIENCE = 60.0
_WITH_ALL = "OPENSTACKOID_LAB_CLOUDS=CloudOne:cinder+swift,CloudTwo:cinder+swift openstackoid lab up adds them"
HOW = {
    "token": "in the token",
    "header": "in X-Scope",
    "url": "in the URL",
    "recalled": "by the request id",
    "none": "no scope",
}


@dataclass(frozen=True, order=True)
class Hop:
    """A kind of request within a workflow: what was asked of which service, the gateway that it came to, and where it went."""

    service: str
    method: str
    path: str
    gateway: str
    cloud: str
    via: str

    @property
    def crosses(self) -> bool:
        """Whether the gateway sent it to another cloud."""
        return self.cloud != self.gateway

    @property
    def crosses_from_a_service(self) -> bool:
        """Whether a service sent it, and the gateway to another cloud."""
        return self.crosses and self.via != "header"

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return self.method in ("POST", "PUT", "PATCH", "DELETE")

    def row(self) -> str:
        """Return the hop as a row of the table."""
        where = f"{self.gateway} → {self.cloud}" if self.crosses else self.cloud
        return f"| {self.service} | `{self.method} {self.path}` | {where} | {HOW[self.via]} |"


def let_services_in(cloud: dict[str, Any], service: str) -> None:
    """Have the policy of a cloud of the mesh description let peers' services do what they do for a shared data plane.

    They name a user's project by the id that it has in their own cloud, so it keeps that id here.
    """
    services, members = (
        next(one for one in cloud["policy"]["peers"]["*"]["people"] if one["name"] == name) for name in ("services", "members")
    )
    members["project"] = "keep"
    services["services"] = {service: OWN_REQUESTS[service]} if service in OWN_REQUESTS else {}


class Lab:
    """The lab that is up: its mesh, its users' commands, and its gateways' records. Without one: :class:`NoLabError`."""

    def __init__(self, folder: Path) -> None:
        status = lab_with("CloudOne", "CloudTwo")
        self.state = Path(status["state_dir"])
        self.mesh: Mesh = load_mesh(self.state / "mesh.yaml")
        self.gateway = self.mesh.clouds[HOME].endpoints[0].frontend.origin()
        self.user = User(HOME)
        self.file = folder / "payload"
        self.file.write_bytes(b"openstackoid " * 1024)

    def run(self, command: str, scope: str, *, traced: bool = False) -> Outcome:
        """Run a command of ``openstack``; raises :class:`PromiseError` when it fails."""
        words = tuple(command.format(file=self.file).split()) + (("--trace",) if traced else ())
        show_command(self.user, words, scope)
        done = self.user.openstack(*words, scope=scope)
        if done.code != 0:
            raise PromiseError(f"the command above ended with {done.code}: {done.stderr}")
        return done

    def clean_up(self) -> None:
        """Delete what a run that was broken off has left."""
        for kind, name, scope in LEFTOVERS:
            listed = self.user.openstack(kind, "list", "-f", "json", scope=scope)
            for row in listed.json() if listed.code == 0 else []:
                if row["Name"] == name:
                    waiting = ("--wait",) if kind == "server" else ()
                    self.user.openstack(kind, "delete", *waiting, row["ID"], scope=scope)

    def wait(self, command: str, wanted: str, scope: str) -> None:
        """Repeat a command until it prints what is wanted."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            done = self.user.openstack(*command.split(), scope=scope)
            if done.stdout.strip() == wanted:
                return
            if time.monotonic() > deadline or done.stdout.strip().lower() == "error":
                raise PromiseError(f"openstack {command} says {done.stdout.strip()!r}, not {wanted!r}: {done.stderr}")
            time.sleep(0.5)

    def records(self, request_ids: Sequence[str]) -> list[list[dict[str, Any]]]:
        """Return the records of each request, once no new ones arrive."""
        found: list[list[dict[str, Any]]] = []
        while True:
            before, found = found, [self._trace(request_id) for request_id in request_ids]
            if list(map(len, before)) == list(map(len, found)):
                return found
            time.sleep(0.5)

    def _trace(self, request_id: str) -> list[dict[str, Any]]:
        page = requests.get(f"{self.gateway}/.openstackoid/trace/{request_id}", timeout=20, verify=authority()).json()
        if page["missing"]:
            raise PromiseError(f"records of {request_id} are missing: {page['missing']}")
        hops: list[dict[str, Any]] = page["hops"]
        return hops

    @contextmanager
    def described(self, change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
        """Have the mesh description say something else, until the end of the block."""
        path = self.state / "mesh.yaml"
        before = path.read_text(encoding="utf-8")
        changed = yaml.safe_load(before)
        change(changed)
        self._describe(path, yaml.safe_dump(changed, sort_keys=False))
        try:
            yield
        finally:
            self._describe(path, before)

    def sharing(self, service: str) -> AbstractContextManager[None]:
        """Have the clouds share the data plane of a service, or nothing for ``""``, until the end of the block.

        Their policies then let the other cloud's services do for it what they do with tokens of their own.
        """

        def change(mesh: dict[str, Any]) -> None:
            mesh["shared"] = [{"service": service, "clouds": list(self.mesh.clouds)}]
            for cloud in mesh["clouds"].values():
                let_services_in(cloud, service)

        return self.described(change) if service else nullcontext()

    def _describe(self, path: Path, text: str) -> None:
        seen = {cloud: self._times_read(cloud) for cloud in self.mesh.clouds}
        path.write_text(text, encoding="utf-8")
        deadline = time.monotonic() + _PATIENCE
        while any(self._times_read(cloud) == times for cloud, times in seen.items()):
            if time.monotonic() > deadline:
                raise PromiseError("the gateways do not read the mesh description again")
            time.sleep(0.2)

    def _times_read(self, cloud: str) -> int:
        return (self.state / f"logs/{cloud}/gateway.log").read_text(encoding="utf-8").count("the mesh was read again")


def follow(lab: Lab, workflow: Workflow) -> list[Hop]:
    """Run a workflow and return its hops, each kind once, in the order of time.

    Raises :class:`PromiseError` where it fails, or where a hop went elsewhere than the scope says.
    """
    for command in workflow.before:
        lab.run(command, workflow.scope)
    ids = [
        request_id
        for command in workflow.commands
        for request_id in _TRACED.findall(lab.run(command, workflow.scope, traced=True).stderr)
    ]
    if not ids:
        raise PromiseError(f"{workflow.name}: the command named no request id")
    if workflow.until is not None:
        lab.wait(*workflow.until, workflow.scope)
    scope = parse(workflow.scope).completed(HOME)
    hops: dict[Hop, None] = {}
    for records in lab.records(list(dict.fromkeys(ids))):
        for record in records:
            check(record, scope, workflow.name)
            if record["gateway"] == HOME or not any(_sent(other, record) for other in records):
                hops[_hop(record, lab.mesh)] = None
    return list(hops)


def check(record: dict[str, Any], scope: Scope, name: str) -> None:
    """Raise :class:`PromiseError` where a hop went to another cloud than the scope says for its service."""
    meant = target_cloud(scope, record["service"], HOME)
    at_the_far_end = record["gateway"] == record["cloud"] == meant
    if record["cloud"] != meant and not at_the_far_end:
        raise PromiseError(f"{name}: {record['method']} {record['path']} went to {record['cloud']}, the scope says {meant}")


def _sent(outer: dict[str, Any], inner: dict[str, Any]) -> bool:
    """Return whether ``inner`` is what the gateway of another cloud saw of the request ``outer``."""
    alike = all(outer[key] == inner[key] for key in ("service", "method")) and outer["cloud"] == inner["gateway"]
    return alike and outer["gateway"] != inner["gateway"] and 0 <= inner["started"] - outer["started"] <= outer["seconds"]


def _hop(record: dict[str, Any], mesh: Mesh) -> Hop:
    prefixes = [e.frontend.prefix for e in mesh.clouds[record["gateway"]].endpoints if e.service == record["service"]]
    path = record["path"]
    for prefix in prefixes:
        path = path.removeprefix(prefix) if f"{path}/".startswith(f"{prefix}/") else path
    path = _PARTS.sub("*", _VERSION.sub("", path)) or "/"
    return Hop(record["service"], record["method"], path, record["gateway"], record["cloud"], record["via"])


_TABLE = ("| service | request | sent to | how the scope travels |", "| --- | --- | --- | --- |")


def heading(workflow: Workflow) -> str:
    """Return the heading of a workflow in the page."""
    return f"## {workflow.name[0].upper()}{workflow.name[1:]}"


def document(found: dict[Workflow, list[Hop]]) -> str:
    """Return the page: a table for each workflow. Only the first one has all reads."""
    page = [_HEAD]
    for number, (workflow, hops) in enumerate(found.items()):
        commands = "; ".join(f"`openstack {command.format(file='FILE')}`" for command in workflow.commands)
        note = f" The mesh says that the clouds share the data plane of `{workflow.shared}`." if workflow.shared else ""
        page += [
            heading(workflow),
            f"{commands}, scope `{workflow.scope}`.{note}",
            "\n".join([*_TABLE, *(hop.row() for hop in hops if number == 0 or hop.changes or hop.crosses_from_a_service)]),
        ]
    return "\n\n".join(page) + "\n"


_HEAD = """# Coverage: how a scope travels on each hop

`make coverage` made this page on two real clouds, as an ordinary member of CloudOne; a test runs the same workflows. A row
is a kind of request in the gateways' records; `*` is an id or a name. Each went to the cloud that the scope names:
otherwise `make coverage` fails. All tables but the first leave out reads by the client, and reads inside a cloud.

| how the scope travels | |
| --- | --- |
| in X-Scope | the client's request |
| in the token | a service's request with the user's token |
| by the request id | a service's request with its own token ([hops](hops.md)) |
| no scope | the local cloud's |

Two kinds of requests have no request id: validations of tokens, which go to the [token's cloud](identity.md), and notes of
Neutron and Cinder to Nova (`os-server-external-events`), which stay in their cloud. If clouds share a network, Nova waits
in vain for such a note: set `vif_plugging_is_fatal = false` and `vif_plugging_timeout = 0`.

Tokens of services go to the other cloud only in workflows on a shared data plane ([which tokens leave a
cloud](../operate/security.md#which-tokens-leave-a-cloud)). Without it the gateway refuses with 409 the requests that need
them ([collaborations](../use/collaborations.md))."""


def main(argv: Sequence[str] | None = None) -> int:
    """Follow every workflow; return 0 when each hop went where the scope says."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.coverage", description="Follow the workflows on the lab that is up."
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the page there")
    arguments = parser.parse_args(argv)
    if arguments.output is not None and (arguments.output.is_dir() or not os.access(arguments.output.parent, os.W_OK)):
        parser.error(f"--output: {arguments.output} cannot be written")
    began = time.monotonic()
    try:
        with TemporaryDirectory(prefix="openstackoid-") as folder:
            lab = Lab(Path(folder))
            lacking = lacks(lab.mesh)
            if arguments.output is not None and lacking:
                raise PromiseError(
                    f"the page has workflows with {', '.join(lacking)}, which not every cloud of this lab has; {_WITH_ALL}"
                )
            found = run(lab)
    except (PromiseError, NoLabError) as error:
        console.print(Text(f"coverage: {error}", style="bold red"))
        return 1
    if arguments.output is not None:
        arguments.output.write_text(document(found), encoding="utf-8")
    console.print(f"\n{len(found)} workflows, {sum(map(len, found.values()))} kinds of hops, in {time.monotonic() - began:.0f} s")
    return 0


def lacks(mesh: Mesh) -> list[str]:
    """Return the services that workflows need and that not every cloud has."""
    needed = {service for workflow in WORKFLOWS for service in workflow.needs}
    return sorted(service for service in needed if any(service not in cloud.services for cloud in mesh.clouds.values()))


def run(lab: Lab) -> dict[Workflow, list[Hop]]:
    """Follow every workflow that the lab has the services for."""
    found: dict[Workflow, list[Hop]] = {}
    lab.clean_up()
    possible = (w for w in WORKFLOWS if all(set(w.needs) <= cloud.services for cloud in lab.mesh.clouds.values()))
    for shared, workflows in groupby(possible, lambda workflow: workflow.shared):
        with lab.sharing(shared):
            for workflow in workflows:
                found[workflow] = follow(lab, workflow)
                text = f"  ✔ {workflow.name}: {len(found[workflow])} kinds of hops, each where the scope says"
                console.print(Text(text, style="green"))
    return found


if __name__ == "__main__":
    sys.exit(main())
