# SPDX-License-Identifier: Apache-2.0
"""The hook with openstacksdk alone: connections of a program that has no ``openstack`` command around it."""

import copy
import gc
import sys
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack.exceptions import ConfigException

from openstackoid.client import choice, hook, plugin
from openstackoid.client.adapter import ScopeAdapter
from openstackoid.client.choice import Choice
from openstackoid.client.errors import ScopeRefusedError

from .conftest import FakeCloud

# openstacksdk 4.22 says the one of every configuration, and the other of its own calls.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
]

HOOK = "openstackoid.client.hook:install"
WIRE = '{"image":"CloudTwo"}'
Connect = Callable[..., Connection]


@pytest.fixture
def connect(tmp_path: Path, cloud: FakeCloud) -> Connect:
    """Give a function that writes an entry CloudOne with more settings, and connects to it."""

    def connect(
        vendors: dict[str, Any] | None = None,
        overrides: dict[str, Any] | None = None,
        caching: dict[str, Any] | None = None,
        **settings: object,
    ) -> Connection:
        auth = {"auth_url": f"{cloud.url}/identity/v3", "username": "u", "password": "p", "project_name": "demo"}
        auth |= {"user_domain_name": "Default", "project_domain_name": "Default"}
        entry = {"auth": auth, "region_name": "CloudOne", **settings}
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"cache": caching or {}, "clouds": {"CloudOne": entry}}))
        (tmp_path / "clouds-public.yaml").write_text(yaml.safe_dump({"public-clouds": vendors or {}}))
        source = OpenStackConfig(
            config_files=[str(tmp_path / "clouds.yaml")],
            vendor_files=[str(tmp_path / "clouds-public.yaml")],
            secure_files=[],
            load_envvars=False,
        )
        return Connection(config=source.get_one("CloudOne", **(overrides or {})))

    return connect


@pytest.fixture
def theirs() -> Any:
    """Give a module with another vendor hook, which records its connections."""
    module = types.ModuleType("somebody_elses_hook")
    module.called = []  # type: ignore[attr-defined]
    module.install = module.called.append  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def test_an_entry_of_clouds_yaml_is_enough(connect: Connect, cloud: FakeCloud) -> None:
    connection = connect(scope={"glance": "CloudTwo"}, vendor_hook=HOOK)
    assert [image.name for image in connection.image.images()] == ["cirros"]
    assert cloud.scopes() == {WIRE}
    connection.close()


def test_openstacksdk_writes_hyphens_as_underscores_and_is_understood(connect: Connect) -> None:
    connection = connect(
        scope={"block-storage": "CloudTwo", "my-own": "CloudTwo", "a_b": "CloudTwo", "*": "CloudOne"},
        scope_services=["my-own", "a_b"],
        vendor_hook=HOOK,
    )
    assert mounted(connection) == '{"*":"CloudOne","a_b":"CloudTwo","block-storage":"CloudTwo","my-own":"CloudTwo"}'
    connection.close()


def mounted(connection: Connection) -> str | None:
    """Return the scope that a connection would send."""
    adapter = connection.session.session.get_adapter("http://anywhere")
    return adapter.scope.to_header() if isinstance(adapter, ScopeAdapter) and adapter.scope else None


def test_without_a_scope_the_session_is_left_alone(connect: Connect) -> None:
    connection = connect(vendor_hook=HOOK)
    assert mounted(connection) is None
    connection.close()


def test_answers_under_a_scope_are_not_cached(connect: Connect) -> None:
    for scope, cached in ((None, True), ({"image": "CloudTwo"}, False)):
        connection = connect(caching={"class": "dogpile.cache.memory", "expiration_time": 60}, scope=scope, vendor_hook=HOOK)
        assert connection.cache_enabled is cached
        connection.close()


def test_a_scoped_identity_is_refused_where_tokens_are_kept(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = types.SimpleNamespace(get_password=lambda *_: None, set_password=lambda *_: None)
    monkeypatch.setattr("openstack.config.cloud_region.keyring", keyring)
    for scope in ({"identity": "CloudTwo"}, {"*": "CloudTwo"}):
        with pytest.raises(ScopeRefusedError, match="CloudOne: a scope of 'identity'"):
            connect(caching={"auth": True}, scope=scope, vendor_hook=HOOK)
    connect(caching={"auth": True}, scope={"image": "CloudTwo"}, vendor_hook=HOOK).close()


def test_a_second_connection_on_the_session_does_not_wrap_twice(connect: Connect, cloud: FakeCloud) -> None:
    first = connect(scope={"image": "CloudTwo"}, vendor_hook=HOOK)
    second = Connection(config=first.config)
    adapter = second.session.session.get_adapter(cloud.url)
    assert second.session is first.session
    assert isinstance(adapter, ScopeAdapter)
    assert not isinstance(adapter.wrapped, ScopeAdapter)
    first.close()


def test_a_connection_made_from_another_has_the_scope_too(connect: Connect) -> None:
    first = connect(scope={"image": "CloudTwo"}, vendor_hook=HOOK)
    second = first.connect_as(username="other")
    assert mounted(second) == WIRE
    first.close()
    second.close()


def test_the_session_can_be_freed(connect: Connect) -> None:
    connection = connect(scope={"image": "CloudTwo"}, vendor_hook=HOOK)
    adapter = connection.session.session.get_adapter("http://anywhere")
    session = weakref.ref(connection.session)
    connection.close()
    del connection
    gc.collect()
    assert session() is None
    assert isinstance(adapter, ScopeAdapter)
    assert "http://elsewhere" not in adapter.own


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"scope": {"image": "not a cloud"}},
            "clouds.yaml, scope of CloudOne, column 11: 'not a cloud' cannot be a cloud's name",
        ),
        ({"scope": {}}, "clouds.yaml, scope of CloudOne, column 2: the scope is empty"),
        (
            {"scope": ["image"]},
            "clouds.yaml, scope of CloudOne, column 1: a JSON object, or clouds with '|' and '&', is expected",
        ),
        ({"scope": {"image": "A"}, "scope_clouds": ["B"]}, "unknown cloud 'A'; known: B"),
        ({"scope": {"image": "A"}, "scope_clouds": [3]}, "scope_clouds: a list of names is expected"),
        ({"scope": {"image": "A"}, "scope_services": {"a": "b"}}, "scope_services: a list of names is expected"),
    ],
)
def test_a_scope_that_makes_no_sense_makes_no_connection(
    connect: Connect, cloud: FakeCloud, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigException) as raised:
        connect(vendor_hook=HOOK, **settings)
    assert said in str(raised.value)
    assert cloud.seen == []


@pytest.mark.parametrize("error", [ImportError, TypeError, AttributeError, ValueError, OSError, RecursionError])
def test_no_defect_of_ours_lets_a_connection_go_on_without_its_scope(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error("broken")

    monkeypatch.setattr(hook, "mount", broken)
    with pytest.raises(ScopeRefusedError, match=f"no request is: {error.__name__}: broken"):
        connect(scope={"image": "CloudTwo"}, vendor_hook=HOOK)


def test_in_the_command_a_refusal_is_its_exit_code(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise TypeError("broken")

    monkeypatch.setattr(hook, "mount", broken)
    with pytest.raises(SystemExit) as raised:
        connect(overrides={"scope": Choice(WIRE), "vendor_hook": "openstackoid.client.plugin:install"})
    assert raised.value.code == 2
    assert capsys.readouterr().err == "openstack: the scope cannot be sent, so no request is: TypeError: broken\n"


def test_a_vendor_profiles_own_hook_is_still_called(connect: Connect, theirs: Any) -> None:
    profile = {"vendor_hook": "somebody_elses_hook:install"}
    connection = connect({"acme": profile}, profile="acme", scope={"image": "CloudTwo"}, vendor_hook=HOOK)
    assert theirs.called == [connection]
    assert mounted(connection) == WIRE
    connection.close()


def test_in_the_command_an_entrys_own_hook_is_still_called(connect: Connect, theirs: Any) -> None:
    ours = {"scope": choice.LEFT_TO_THE_CLOUD, "vendor_hook": f"{plugin.__name__}:install"}
    entry = {"scope": WIRE, "vendor_hook": "somebody_elses_hook:install"}
    connection = connect({"acme": {"vendor_hook": "no:such"}}, ours, profile="acme", **entry)
    assert theirs.called == [connection]
    assert mounted(connection) == WIRE
    connection.close()


def test_a_connection_that_came_from_no_clouds_yaml_is_left_alone(cloud: FakeCloud) -> None:
    auth = {"auth_url": f"{cloud.url}/identity/v3", "username": "u", "password": "p", "project_name": "demo"}
    auth |= {"user_domain_name": "Default", "project_domain_name": "Default"}
    source = OpenStackConfig(load_yaml_config=False, load_envvars=False)
    connection = Connection(config=source.get_one(auth=auth, vendor_hook=HOOK))
    assert mounted(connection) is None
    assert copy.deepcopy(connection.config.config)["vendor_hook"] == HOOK
    connection.close()
