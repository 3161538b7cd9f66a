# SPDX-License-Identifier: Apache-2.0
"""A scope for a block of code, on existing objects; after the block all is as before."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from keystoneauth1.adapter import Adapter
from keystoneauth1.identity import V3Password
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token
from openstack.connection import Connection

import openstackoid
from openstackoid import ScopeRefusedError, scoped
from openstackoid.client.errors import ForeignHostError

from .conftest import Answer, FakeCloud, Seen

pytestmark = [
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
]

TWO = {"image": "CloudTwo"}
WIRE = '{"image":"CloudTwo"}'
THREE = '{"image":"CloudThree"}'


def plugin(cloud: FakeCloud) -> V3Password:
    return V3Password(
        auth_url=f"{cloud.url}/identity/v3",
        username="u",
        password="p",
        user_domain_name="Default",
        project_name="demo",
        project_domain_name="Default",
    )


@pytest.fixture
def session(cloud: FakeCloud) -> Iterator[Session]:
    session = Session(auth=plugin(cloud))
    yield session
    session.session.close()


@pytest.fixture
def connection(tmp_path: Path, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    auth = {"auth_url": f"{cloud.url}/identity/v3", "username": "u", "password": "p", "project_name": "demo"}
    auth |= {"user_domain_name": "Default", "project_domain_name": "Default"}
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": {"CloudOne": {"auth": auth, "scope_clouds": ["CloudTwo", "CloudThree"]}}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    connection = openstack.connect("CloudOne")
    yield connection
    connection.close()


def sent(cloud: FakeCloud, path: str = "/image/v2/images") -> list[str | None]:
    """Return the scopes that arrived with requests for ``path``, and forget them."""
    scopes = [request.scope for request in cloud.seen if request.path == path]
    cloud.seen.clear()
    return scopes


def enter(target: Any, scope: Any, **options: Any) -> None:
    with scoped(target, scope, **options):
        pytest.fail("the block was entered")


def test_on_a_session_the_scope_holds_within_the_block_alone(session: Session, cloud: FakeCloud) -> None:
    url = f"{cloud.url}/image/v2/images"
    session.get(url)
    with scoped(session, TWO):
        session.get(url)
        with scoped(session, "image=CloudThree"):
            session.get(url)
            with scoped(session, None):
                session.get(url)
        session.get(url)
    session.get(url)
    assert sent(cloud) == [None, WIRE, THREE, None, WIRE, None]


def test_an_exception_leaves_the_block_and_the_scope_with_it(session: Session) -> None:
    before = dict(session.session.adapters)
    with pytest.raises(KeyError), scoped(session, TWO):
        raise KeyError("x")
    assert dict(session.session.adapters) == before


def test_a_scope_that_makes_no_sense_is_refused_before_the_block(session: Session, cloud: FakeCloud) -> None:
    before = dict(session.session.adapters)
    with pytest.raises(ScopeRefusedError, match=r"scoped\(\), column 11: 'not a cloud' cannot be"):
        enter(session, {"image": "not a cloud"})
    with pytest.raises(ScopeRefusedError, match="force needs a scope"):
        enter(session, None, force=True)
    with pytest.raises(TypeError, match="not str"):
        enter("CloudOne", TWO)
    assert dict(session.session.adapters) == before
    assert cloud.seen == []


def test_force_asks_the_gateway_for_more(session: Session, cloud: FakeCloud) -> None:
    with scoped(session, TWO, force=True):
        session.get(f"{cloud.url}/image/v2/images")
        with scoped(session, TWO):
            session.get(f"{cloud.url}/image/v2/images")
    assert [seen.force for seen in cloud.seen if seen.path == "/image/v2/images"] == ["true", None]


def test_only_the_cloud_gets_the_header(session: Session, new_cloud: Callable[[], FakeCloud]) -> None:
    stranger = new_cloud()
    with scoped(session, TWO, force=True):
        session.get(f"{stranger.url}/x", authenticated=False, raise_exc=False)
    assert stranger.seen == [Seen("GET", "/x", None)]


def test_an_adapter_with_a_plugin_and_an_endpoint_of_its_own(cloud: FakeCloud, new_cloud: Callable[[], FakeCloud]) -> None:
    fixed, other = new_cloud(), new_cloud()
    session = Session()
    outer = Adapter(session, auth=Token(fixed.url, "t"), endpoint_override=other.url)
    with scoped(Adapter(outer), TWO):  # type: ignore[arg-type]  # keystonemiddleware nests them too
        for url in (fixed.url, other.url):
            outer.get(f"{url}/x", raise_exc=False)
        with pytest.raises(ForeignHostError, match="is not an endpoint of the cloud, so the token is not sent there"):
            outer.get(f"{cloud.url}/x", raise_exc=False)
    session.session.close()
    assert (fixed.scopes(), other.scopes(), cloud.seen) == ({WIRE}, {WIRE}, [])


def test_version_documents_of_another_cloud_do_not_stay(session: Session, cloud: FakeCloud) -> None:
    """The cloud answers at another path to a scope; keystoneauth caches by URL."""

    def otherwise(seen: Seen) -> Answer | None:
        if seen.path.rstrip("/") != "/image":
            return None
        root = "two" if seen.scope else "one"
        version = {"id": "v2.9", "status": "CURRENT", "links": [{"rel": "self", "href": f"{cloud.url}/image/{root}/v2/"}]}
        return Answer(300, {"versions": [version]})

    del cloud.routes["GET", "/image"]
    cloud.otherwise = otherwise
    filters: dict[str, Any] = {"service_type": "image", "interface": "public", "version": "2"}
    found = [session.get_endpoint(**filters)]
    with scoped(session, TWO):
        found.append(session.get_endpoint(**filters))
    found.append(session.get_endpoint(**filters))
    assert [str(url).split("/")[4] for url in found] == ["one", "two", "one"]
    assert [seen.scope for seen in cloud.seen if seen.path.rstrip("/") == "/image"] == [None, WIRE]


def test_a_connection_forgets_discovery_and_cache_of_another_cloud(connection: Connection, cloud: FakeCloud) -> None:
    outside = connection.image
    connection.cache_enabled = True
    with scoped(connection, TWO):
        inside = connection.image
        assert [image.name for image in inside.images()] == ["cirros"]
        assert connection.cache_enabled is False
        list(outside.images())  # a proxy from before the block sends the scope too
        connection._external_ipv4_networks = ["a network of CloudTwo"]  # type: ignore[list-item]
        connection.config.config["object_store_endpoint_override"] = "http://two"
    assert connection.image is outside
    assert inside is not outside
    assert connection.cache_enabled is True
    assert connection._external_ipv4_networks == []
    assert "object_store_endpoint_override" not in connection.config.config
    assert sent(cloud) == [WIRE, WIRE]


def test_on_a_connections_session_or_proxy_the_connection_is_meant(connection: Connection, cloud: FakeCloud) -> None:
    outside = connection.image
    for target in (connection.session, outside):
        with scoped(target, TWO):
            assert connection.image is not outside
            list(connection.image.images())
        assert connection.image is outside
    assert sent(cloud) == [WIRE, WIRE]


def test_the_clouds_that_the_entry_names_are_the_ones_that_there_are(connection: Connection) -> None:
    with pytest.raises(ScopeRefusedError, match="unknown cloud 'CloudTow'; known: CloudThree, CloudTwo"):
        enter(connection, {"image": "CloudTow"})


@pytest.mark.parametrize("scope", [{"identity": "CloudTwo"}, {"*": "CloudTwo", "image": "CloudOne"}])
@pytest.mark.parametrize("gateway", [True, False])
@pytest.mark.parametrize("token", [True, False])
def test_a_scope_that_moves_identity_is_refused(
    session: Session, cloud: FakeCloud, scope: dict[str, str], gateway: bool, token: bool
) -> None:
    if gateway:
        cloud.add_mesh(CloudOne={"identity": "up"}, CloudTwo={"identity": "up"})
    if token:
        session.get_token()
    with pytest.raises(ScopeRefusedError, match=r"tokens from CloudTwo .*the home cloud.*openstackoid.connect"):
        enter(session, scope)
    assert cloud.scopes() <= {None}


def test_identity_at_home_and_everything_else_abroad_is_no_move(session: Session, cloud: FakeCloud) -> None:
    cloud.add_mesh(CloudOne={"identity": "up"})
    with scoped(session, {"identity": "CloudOne", "*": "CloudTwo"}):
        session.get(f"{cloud.url}/image/v2/images")
        with scoped(session, {"image": "CloudThree"}):
            session.get(f"{cloud.url}/image/v2/images")
    assert sent(cloud) == ['{"identity":"CloudOne","*":"CloudTwo"}', THREE]


def test_within_a_connection_that_has_its_identity_elsewhere(connection: Connection, cloud: FakeCloud) -> None:
    elsewhere = openstackoid.connect("CloudOne", scope={"identity": "CloudTwo"})
    with scoped(elsewhere, {"identity": "CloudTwo", "image": "CloudThree"}):
        list(elsewhere.image.images())
    assert sent(cloud) == ['{"identity":"CloudTwo","image":"CloudThree"}']
    for scope in (None, {"image": "CloudTwo"}, {"identity": "CloudThree"}):
        with pytest.raises(ScopeRefusedError, match="here they come from CloudTwo"):
            enter(elsewhere, scope)
    elsewhere.close()


def test_a_second_thread_may_not_open_a_block_of_its_own(session: Session, cloud: FakeCloud) -> None:
    said: list[str] = []

    def other() -> None:
        session.get(f"{cloud.url}/image/v2/images")
        try:
            with scoped(session, THREE):
                said.append("entered")
        except ScopeRefusedError as error:
            said.append(str(error))

    with scoped(session, TWO):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert said == ["scoped(): another thread has a scope in force on this session; give each its own"]
    assert sent(cloud) == [WIRE]


def test_a_session_outlives_its_connection(connection: Connection, cloud: FakeCloud) -> None:
    class Gone:
        @property
        def config(self) -> object:
            raise ReferenceError

    session = connection.session
    session._sdk_connection = Gone()  # type: ignore[attr-defined]
    with scoped(session, TWO):
        session.get(f"{cloud.url}/image/v2/images")
    assert sent(cloud) == [WIRE]
