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
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import yaml
from rich.text import Text

from examples.coverage_page import Hop, document
from examples.session import NoLabError, Outcome, User, authority, lab_with
from examples.stage import PromiseError, console, show_command
from examples.workflows import LEFTOVERS, WORKFLOWS, Workflow
from openstackoid.mesh import Mesh, load_mesh
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
        for kind, scope in dict.fromkeys((kind, scope) for kind, _, scope in LEFTOVERS):
            names = {name for other, name, found_under in LEFTOVERS if (other, found_under) == (kind, scope)}
            listed = self.user.openstack(kind, "list", "-f", "json", scope=scope)
            for row in listed.json() if listed.code == 0 else []:
                if row["Name"] in names:
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
    (meant,) = scope.clouds_for(record["service"], HOME)
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
