# SPDX-License-Identifier: Apache-2.0
"""openstacksdk's connection with a scope of a program's choosing."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openstack.connection import Connection

import openstackoid
from openstackoid import ScopeRefusedError
from openstackoid.scope import parse

from .conftest import FakeCloud

pytestmark = [
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
]

TWO = '{"image":"CloudTwo"}'
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Give a function that writes the entry CloudOne."""

    def write(**settings: Any) -> None:
        auth = {"auth_url": f"{cloud.url}/identity/v3", "username": "u", "password": "p", "project_name": "demo"}
        auth |= {"user_domain_name": "Default", "project_domain_name": "Default"}
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"CloudOne": {"auth": auth, **settings}}}))

    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    write()
    return write


def scopes_of(connection: Connection, cloud: FakeCloud) -> set[str | None]:
    cloud.seen.clear()
    assert [image.name for image in connection.image.images()] == ["cirros"]
    connection.close()
    return cloud.scopes()


@pytest.mark.parametrize("scope", [{"glance": "CloudTwo"}, "glance=CloudTwo", '{"image": "CloudTwo"}', parse(TWO)])
def test_the_scope_is_json_or_a_mapping(write: Write, cloud: FakeCloud, scope: Any) -> None:
    assert scopes_of(openstackoid.connect("CloudOne", scope=scope), cloud) == {TWO}


@pytest.mark.parametrize("entry", [{"image": "FromEntry"}, '{"image": "FromEntry"}', "image=FromEntry"])
def test_the_argument_wins_over_clouds_yaml_and_the_commands_variable_is_ignored(
    write: Write, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, entry: Any
) -> None:
    write(scope=entry)
    monkeypatch.setenv("OPENSTACKOID_SCOPE", '{"image": "FromEnvironment"}')
    assert scopes_of(openstackoid.connect("CloudOne"), cloud) == {'{"image":"FromEntry"}'}
    assert scopes_of(openstackoid.connect("CloudOne", scope=TWO), cloud) == {TWO}
    assert scopes_of(openstackoid.connect("CloudOne", scope="none"), cloud) == {None}


def test_without_any_scope_it_is_an_ordinary_connection(write: Write, cloud: FakeCloud) -> None:
    assert scopes_of(openstackoid.connect("CloudOne"), cloud) == {None}


def test_a_connection_made_from_it_has_the_scope_too(write: Write, cloud: FakeCloud) -> None:
    first = openstackoid.connect("CloudOne", scope=TWO)
    assert scopes_of(first.connect_as(username="other"), cloud) == {TWO}
    first.close()


def test_force_goes_with_the_scope_and_not_without(write: Write, cloud: FakeCloud) -> None:
    connection = openstackoid.connect("CloudOne", scope=TWO, force=True)
    assert scopes_of(connection, cloud) == {TWO}
    assert {request.force for request in cloud.seen} == {"true"}
    with pytest.raises(ScopeRefusedError, match=r"force=True\) needs a scope, and there is none"):
        openstackoid.connect("CloudOne", force=True)
    write(scope_force="yes")
    with pytest.raises(ScopeRefusedError, match="scope_force: true or false is expected, not 'yes'"):
        openstackoid.connect("CloudOne", scope=TWO)


def test_a_strict_connection(write: Write, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def stricts(**how: Any) -> set[str | None]:
        connection = openstackoid.connect("CloudOne", scope="image=CloudOne&CloudTwo", **how)
        scopes_of(connection, cloud)
        return {request.strict for request in cloud.seen}

    assert (stricts(), stricts(strict=True), stricts(strict=False)) == ({None}, {"true"}, {None})
    monkeypatch.setenv("OS_SCOPE_STRICT", "true")
    assert (stricts(), stricts(strict=False)) == ({"true"}, {None})
    assert os.environ["OS_SCOPE_STRICT"] == "true"
    write(scope_strict=True)
    monkeypatch.setenv("OS_SCOPE_STRICT", "false")
    assert stricts() == {None}
    monkeypatch.delenv("OS_SCOPE_STRICT")
    assert stricts() == {"true"}


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"image": "Cloud Two"}, r"connect\(scope=...\), column 11: 'Cloud Two' cannot be a cloud's name"),
        ({"image": "CloudOne", "glance": "CloudTwo"}, "the service 'glance' is named twice"),
        ({"image": None}, "column 11: a cloud's name in double quotes is expected"),
        ({}, "the scope is empty"),
        (["image"], "column 1: a JSON object, or clouds with '|' and '&', is expected"),
        ({"image": "CloudTow"}, "unknown cloud 'CloudTow'; known: CloudOne, CloudTwo"),
    ],
)
def test_a_scope_that_makes_no_sense_makes_no_connection(write: Write, cloud: FakeCloud, scope: Any, said: str) -> None:
    write(scope_clouds=["CloudOne", "CloudTwo"])
    with pytest.raises(ScopeRefusedError, match=said):
        openstackoid.connect("CloudOne", scope=scope)
    assert cloud.seen == []


@pytest.mark.parametrize("said", ["image=CloudTwo", TWO])
def test_the_variable_that_openstacksdk_would_die_of(
    write: Write, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("OS_SCOPE", said)
    assert scopes_of(openstackoid.connect("CloudOne"), cloud) == {TWO}
    assert os.environ["OS_SCOPE"] == said
    auth = {"auth_url": f"{cloud.url}/identity/v3", "username": "u", "password": "p", "project_name": "demo"}
    auth |= {"user_domain_name": "Default", "project_domain_name": "Default"}
    connection = openstackoid.connect(scope=TWO, load_envvars=False, load_yaml_config=False, auth=auth)
    assert scopes_of(connection, cloud) == {TWO}


def test_a_hook_has_its_place_in_clouds_yaml(write: Write) -> None:
    with pytest.raises(TypeError, match="sets vendor_hook itself"):
        openstackoid.connect("CloudOne", vendor_hook="a:b")
