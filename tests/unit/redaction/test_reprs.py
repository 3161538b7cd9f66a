# SPDX-License-Identifier: Apache-2.0
"""An object that holds a secret does not show it: a debugger, a test and a careless log line write its ``repr``."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import openstackoid

MARK = "a-marked-secret"
HOLDING = frozenset(
    [
        "token",
        "bare",
        "body_token",
        "password",
        "passwords",
        "secret",
        "secrets",
        "key",
        "keys",
        "headers",
        "raw_headers",
        "body",
        "content",
        "options",
        "env",
        "environment",
        "accounts",
        "query",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "data",
        "payload",
        "document",
        "answer",
    ]
)
"""Names of fields that hold a secret, or what came from outside and may hold one."""

SHOWN = {
    "openstackoid.routing.identity.IdentityRequest.body": "a Token, which does not show itself",
    "openstackoid.bridge.identity.authorization.Entry.credentials": "they do not show their tokens",
    "openstackoid.gateway.configuration.Configuration.accounts": "by peer; an account does not show its options",
    "openstackoid.routing.project_fields.ProjectFields.headers": "names of headers",
    "openstackoid.routing.project_fields.ProjectFields.query": "names of parameters",
    "openstackoid.routing.project_fields.ProjectFields.body": "names of members",
    "openstackoid.routing.places.Places.token": "a number of places",
}
"""Fields of such names that are no secret, with the reason."""


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(openstackoid.__path__, "openstackoid."):
        # Those run inside the lab's OpenStack, which is not installed here; the others run as programs.
        if ".guest" not in found.name and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def holders() -> list[type]:
    classes = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and dataclasses.is_dataclass(value)
    }
    return sorted(classes, key=lambda found: f"{found.__module__}.{found.__qualname__}")


def name_of(holder: type, field: str = "") -> str:
    return ".".join(filter(None, (holder.__module__, holder.__qualname__, field)))


@pytest.mark.filterwarnings("ignore")
def test_no_repr_of_a_dataclass_shows_secrets() -> None:
    showing = []
    for holder in holders():
        for field in dataclasses.fields(holder):
            if field.name in HOLDING and name_of(holder, field.name) not in SHOWN:
                # Made without its constructor, which would want values that make sense.
                held: object = object.__new__(holder)
                for other in dataclasses.fields(holder):
                    object.__setattr__(held, other.name, MARK if other.name == field.name else "x")
                if MARK in repr(held):
                    showing.append(name_of(holder, field.name))
    assert showing == [], "field(repr=False)"


@pytest.mark.filterwarnings("ignore")
def test_there_are_such_fields() -> None:
    """The walk meets those that are known; a class that is renamed does not fall out of it unseen."""
    met = {(holder.__qualname__, field.name) for holder in holders() for field in dataclasses.fields(holder)}
    known = {
        ("Request", "headers"),
        ("Request", "body_token"),
        ("Single", "headers"),
        ("Credentials", "token"),
        ("Relay", "body_token"),
        ("Token", "bare"),
    }
    known |= {("Head", "headers"), ("UpstreamRequest", "body"), ("Account", "options"), ("Site", "secrets"), ("Daemon", "env")}
    assert known <= met
