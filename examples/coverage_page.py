# SPDX-License-Identifier: Apache-2.0
"""The page docs/understand/coverage.md: a kind of request as a row, a workflow as a table."""

from dataclasses import dataclass

from examples.workflows import Workflow

HOW = {
    "token": "in the token",
    "header": "in X-Scope",
    "url": "in the URL",
    "recalled": "by the request id",
    "none": "no scope",
}
_TABLE = ("| service | request | sent to | how the scope travels |", "| --- | --- | --- | --- |")
_HEAD = """# Coverage: how a scope travels on each hop

`make coverage` made this page on two real clouds, as an ordinary member of CloudOne. A row is a kind of request in the
gateways' records, sent to the cloud that the scope names; `*` is an id or a name. All tables but the first leave out reads by
the client, and reads inside a cloud.

| how the scope travels | |
| --- | --- |
| in X-Scope | the client's request |
| in the token | a service's request with the user's token |
| by the request id | a service's request with its own token ([hops](hops.md)) |
| no scope | the local cloud's |

Two kinds of requests have no request id: validations of tokens, which go to the [token's cloud](identity.md), and notes of
Neutron and Cinder to Nova (`os-server-external-events`), which stay in their cloud. If clouds share a network, Nova waits
in vain for such a note: set `vif_plugging_is_fatal = false` and `vif_plugging_timeout = 0`.

Without a shared data plane the gateway refuses the workflows that need it
with 409 ([collaborations](../use/collaborations.md))."""


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


def heading(workflow: Workflow) -> str:
    """Return the heading of a workflow in the page."""
    return f"## {workflow.name[0].upper()}{workflow.name[1:]}"


def command_line(command: str, workflow: Workflow) -> str:
    """Return a command of a workflow, with its scope, as a line of a console."""
    return f"$ openstack {command.format(file='FILE')} --os-scope '{workflow.scope}'"


def document(found: dict[Workflow, list[Hop]]) -> str:
    """Return the page: a table for each workflow. Only the first one has all reads."""
    page = [_HEAD]
    for number, (workflow, hops) in enumerate(found.items()):
        page += [
            heading(workflow),
            "\n".join(["```console", *(command_line(command, workflow) for command in workflow.commands), "```"]),
            *([f"The clouds share the data plane of `{workflow.shared}`."] if workflow.shared else []),
            "\n".join([*_TABLE, *(hop.row() for hop in hops if number == 0 or hop.changes or hop.crosses_from_a_service)]),
        ]
    return "\n\n".join(page) + "\n"
