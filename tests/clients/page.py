# SPDX-License-Identifier: Apache-2.0
"""The page docs/use/clients/tried.md: each client, its version, and its operations."""

from collections.abc import Sequence
from dataclasses import dataclass

from clients.tools import Client

_HEAD = """# Clients that are tried

Made by `make clients-test`, which runs each of these clients, unmodified, on two real clouds. The user is an ordinary member of
CloudOne; Tempest makes such users by CloudOne's administrator. The scope stands in the authentication URL,
`https://GATEWAY/identity/scope/SCOPE/v3`; the form of the URL is explained with [curl](curl.md).

| client | version | scope and workflow | result |
| --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Trial:
    """A test that passed: its client, its docstring, its result in words, and its duration."""

    client: Client
    workflow: str
    result: str
    seconds: float


def page(trials: Sequence[Trial]) -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(row(trial) for trial in trials)]) + "\n"


def row(trial: Trial) -> str:
    """Return the row of a trial."""
    client = trial.client
    version = f"{client.version()}, `{client.package}` of {client.origin}"
    return f"| [{client.name}]({client.page}) | {version} | {workflow(trial.workflow)} | {trial.result} |"


def workflow(docstring: str) -> str:
    """Return a docstring as one line."""
    return " ".join(docstring.split())
