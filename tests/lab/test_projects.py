# SPDX-License-Identifier: Apache-2.0
"""A guest's own project abroad: by the id that it has at home, wherever OpenStack's APIs name it, and by the one it has there.

In CloudTwo it has an id apart, in CloudOne it keeps its id (docs/start/lab.md); an ordinary member cannot tell the difference.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests

from examples.session import User, authority
from lab.meaning import PATIENCE, World


@dataclass
class Guest:
    """An ordinary member of ``home``, with access to every service of ``there``."""

    home: str
    there: str
    world: World

    @property
    def user(self) -> User:
        return User(self.home)

    @property
    def scope(self) -> str:
        return json.dumps({"*": self.there, "identity": self.home}, separators=(",", ":"))

    @cached_property
    def told(self) -> list[dict[str, Any]]:
        """The page of the home gateway about the user."""
        headers = {"X-Auth-Token": self.world.token(self.home), "X-Scope": self.scope}
        origin = self.world.mesh.clouds[self.home].endpoints[0].frontend.origin()
        answer = requests.get(f"{origin}/.openstackoid/user", headers=headers, timeout=PATIENCE, verify=authority())
        assert answer.status_code == 200, answer.text
        return answer.json()["clouds"]  # type: ignore[no-any-return]

    @property
    def own_id(self) -> str:
        return next(row["project"]["id"] for row in self.told if row["cloud"] == self.home)  # type: ignore[no-any-return]

    @property
    def id_there(self) -> str:
        return next(row["project"]["id"] for row in self.told if row["cloud"] == self.there)  # type: ignore[no-any-return]

    def openstack(self, *arguments: str) -> Any:
        return self.user.openstack(*arguments, scope=self.scope)

    def ask(self, method: str, service: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a request to the home gateway, with the scope."""
        token = self.world.token(self.home)
        return self.world.ask(method, self.home, service, path, body, X_Auth_Token=token, X_Scope=self.scope, **headers)


@pytest.fixture(scope="module", params=[("CloudOne", "CloudTwo"), ("CloudTwo", "CloudOne")], ids=["apart", "keep"])
def guest(lab: Any, request: pytest.FixtureRequest) -> Guest:
    home, there = request.param
    return Guest(home, there, World(Path(lab["state_dir"])))


@pytest.fixture
def container(guest: Guest) -> Iterator[str]:
    """The path of a container there with one object, ``o``."""
    name = f"/v1/AUTH_{guest.own_id}/c-{uuid.uuid4().hex[:8]}"
    assert guest.ask("PUT", "object-store", name).status_code == 201
    assert guest.ask("PUT", "object-store", f"{name}/o", "text").status_code == 201
    yield name
    for path in (f"{name}/o", f"{name}/copy", name):
        guest.ask("DELETE", "object-store", path)


def test_scope_show_tells_the_user_of_each_cloud(guest: Guest) -> None:
    shown = guest.openstack("scope", "show", "-f", "json")
    assert shown.code == 0, shown.stderr
    home, there = shown.json()["user"]
    assert [home, there] == guest.told
    assert (home["cloud"], there["cloud"]) == (guest.home, guest.there)
    issued = guest.user.openstack("token", "issue", "-f", "json").json()
    assert (home["user"]["id"], home["project"]["id"], home["rule"]) == (issued["user_id"], issued["project_id"], None)
    assert (there["user"]["name"], there["project"]["name"], there["rule"]) == ("demo", "demo", "*/members")
    assert set(there["roles"]) == {"member", "reader"}
    assert there["user"]["id"] != home["user"]["id"]
    assert (guest.id_there == guest.own_id) is (guest.there == "CloudOne")


def test_the_project_is_known_there_by_the_id_that_scope_show_tells(guest: Guest) -> None:
    made = guest.ask("POST", "image", "/v2/images", {"name": "mine"})
    assert made.status_code == 201, made.text
    try:
        assert made.json()["owner"] == guest.id_there
        listed = guest.openstack("image", "list", "--project", guest.own_id, "-f", "value", "-c", "ID")
        assert made.json()["id"] in listed.stdout.split(), listed.stderr
    finally:
        assert guest.ask("DELETE", "image", f"/v2/images/{made.json()['id']}").status_code == 204


def test_quota_show(guest: Guest) -> None:
    shown = guest.openstack("quota", "show", "-f", "json")
    assert shown.code == 0, shown.stderr
    assert {"cores", "ports", "volumes"} <= {row["Resource"] for row in shown.json()}


def test_usage_show(guest: Guest) -> None:
    shown = guest.openstack("usage", "show", "-f", "json")
    assert shown.code == 0, shown.stderr
    assert "Servers" in shown.json()


def test_a_member_accepts_an_image_shared_with_the_project(guest: Guest) -> None:
    owner = guest.world.token(guest.there)

    def as_owner(method: str, path: str, body: Any = None) -> requests.Response:
        return guest.world.ask(method, guest.there, "image", path, body, X_Auth_Token=owner)

    image = as_owner("POST", "/v2/images", {"name": "shared", "visibility": "shared"}).json()["id"]
    try:
        assert as_owner("POST", f"/v2/images/{image}/members", {"member": guest.id_there}).status_code == 200
        assert image not in guest.ask("GET", "image", "/v2/images?visibility=shared").text
        accepted = guest.openstack("image", "set", "--accept", image)
        assert accepted.code == 0, accepted.stderr
        assert image in guest.ask("GET", "image", "/v2/images?visibility=shared").text
    finally:
        assert as_owner("DELETE", f"/v2/images/{image}").status_code == 204


def test_ports_of_the_project_are_listed(guest: Guest) -> None:
    network = guest.ask("GET", "network", "/v2.0/networks?name=lab").json()["networks"][0]["id"]
    port = guest.ask("POST", "network", "/v2.0/ports", {"port": {"network_id": network}}).json()["port"]["id"]
    try:
        for project in {guest.own_id, guest.id_there}:
            listed = guest.openstack("port", "list", "--project", project, "-f", "value", "-c", "ID")
            assert port in listed.stdout.split(), listed.stderr
    finally:
        assert guest.ask("DELETE", "network", f"/v2.0/ports/{port}").status_code == 204


def test_documents_name_the_project(guest: Guest) -> None:
    made = guest.ask("POST", "network", "/v2.0/networks", {"network": {"name": "n", "project_id": guest.own_id}})
    assert made.status_code == 201, made.text
    network = made.json()["network"]
    try:
        assert network["project_id"] == guest.id_there
        policy = {
            "object_type": "network",
            "object_id": network["id"],
            "action": "access_as_shared",
            "target_tenant": guest.own_id,
        }
        shared = guest.ask("POST", "network", "/v2.0/rbac-policies", {"rbac_policy": policy})
        assert shared.status_code == 201, shared.text
        assert shared.json()["rbac_policy"]["target_tenant"] == guest.id_there
    finally:
        assert guest.ask("DELETE", "network", f"/v2.0/networks/{network['id']}").status_code == 204


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("compute", "/v2.1/{}/servers"),
        ("compute", "/v2.1/os-quota-sets/{}/detail"),
        ("block-storage", "/v3/{}/volumes/detail"),
        ("block-storage", "/v3/{}/os-quota-sets/{}"),
        ("network", "/v2.0/quotas/{}"),
        ("placement", "/usages?project_id={}"),
    ],
)
def test_a_path_or_a_query_names_the_project(guest: Guest, service: str, path: str) -> None:
    version = {"OpenStack_API_Version": "placement 1.9"} if service == "placement" else {}
    for project in (guest.own_id, guest.id_there):
        answer = guest.ask("GET", service, path.replace("{}", project), **version)
        assert answer.status_code == 200, answer.text


def test_an_object_is_copied_into_an_account_that_is_named(guest: Guest, container: str) -> None:
    place = f"{container.rpartition('/')[2]}/copy"
    account = f"AUTH_{guest.own_id}"
    copied = guest.ask("COPY", "object-store", f"{container}/o", Destination=place, Destination_Account=account)
    assert copied.status_code == 201, copied.text
    source = {"X_Copy_From": f"{container.rpartition('/')[2]}/o", "X_Copy_From_Account": account, "Content_Length": "0"}
    assert guest.ask("PUT", "object-store", f"{container}/copy", **source).status_code == 201
    assert guest.ask("GET", "object-store", f"{container}/copy").text == '"text"'


def test_an_access_list_names_the_project(guest: Guest, container: str) -> None:
    assert guest.ask("POST", "object-store", container, X_Container_Read=f"{guest.own_id}:*").status_code == 204
    head = guest.ask("HEAD", "object-store", container)
    assert head.headers["X-Container-Read"] == f"{guest.id_there}:*"
