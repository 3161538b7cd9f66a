# SPDX-License-Identifier: Apache-2.0
"""The promises of docs/understand/threats.md on real clouds: the policy alone decides about foreign users."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml

from examples.coverage import Lab
from examples.session import User, tls
from lab.meaning import World
from lab.tokens import keystone, login, revoke, service_token, token_of
from openstackoid.lab import databases
from openstackoid.lab.clouds import Cloud

THERE = '{"*":"CloudOne","identity":"CloudTwo"}'
"""At CloudOne's gateway: CloudTwo's user, and every service of CloudOne."""

Mesh = dict[str, Any]
Describe = Callable[[Callable[[Mesh], None]], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def described(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Describe:
    """Have the clouds' operators write something else into the mesh description, until the end of a block."""
    return Lab(tmp_path_factory.mktemp("trust")).described


def visit(
    world: World, path: str, token: str, service: str = "image", *, scope: str = THERE, body: Any = None, **headers: str
) -> tuple[int, str]:
    """Ask a service of CloudOne by its gateway with a token of CloudTwo, and return status and body."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"X-Auth-Token": f"{token}!SCOPE!{scope}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urlopen(Request(world.url("CloudOne", service, path), data, sent), timeout=60, context=tls()) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def policy_of(mesh: Mesh, cloud: str = "CloudOne") -> Any:
    return mesh["clouds"][cloud]["policy"]


def audited(lab: Any, cloud: str = "CloudOne") -> Iterator[dict[str, Any]]:
    """Return the lines of a gateway's audit log, the last one first."""
    text = Path(lab["state_dir"], f"gateways/{cloud}/audit.log").read_text()
    return (json.loads(line) for line in reversed(text.splitlines()))


def test_an_administrator_of_another_cloud_is_none_here(lab: Any, world: World) -> None:
    admin = token_of(User("CloudTwo-admin"))
    own = token_of(User("CloudOne-admin"))
    hypervisors = "/v2.1/os-hypervisors"
    at_home = '{"*":"CloudOne"}'
    assert visit(world, hypervisors, own, "compute", scope=at_home)[0] == 200, "it is for administrators"
    status, body = visit(world, hypervisors, admin, "compute")
    assert (status, "Policy doesn't allow" in body) == (403, True)
    status, body = visit(world, "/v2.1/servers/detail?all_tenants=1", admin, "compute")
    assert status in (200, 403)
    assert status == 403 or json.loads(body)["servers"] == []
    line = next(audited(lab))
    assert (line["home"], line["user"]["name"], line["roles"]) == ("CloudTwo", "admin", ["member", "reader"])
    assert (line["rule"], line["outcome"]) == ("*/members", "allowed")


def test_without_a_policy_foreign_tokens_get_403(lab: Any, world: World, described: Describe) -> None:
    token = token_of(User("CloudTwo"))
    assert visit(world, "/v2/images", token)[0] == 200
    with described(lambda mesh: policy_of(mesh).update(peers={})):
        status, body = visit(world, "/v2/images", token)
        assert (status, json.loads(body)["error"]["message"]) == (
            403,
            "gateway of CloudOne: the policy here does not accept users of CloudTwo",
        )
        # Nor does a service that is asked in another way believe the token.
        subject = {"X_Subject_Token": f"{token}!SCOPE!{THERE}", "X_Auth_Token": service_token(lab, "CloudOne", "glance")}
        assert plain(world, **subject) == 404
    assert visit(world, "/v2/images", token)[0] == 200


def plain(world: World, **headers: str) -> int:
    """Ask CloudOne's Keystone about a token, as its services do."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urlopen(
            Request(world.url("CloudOne", "identity", "/v3/auth/tokens"), headers=sent), timeout=60, context=tls()
        ) as got:
            return int(got.status)
    except HTTPError as error:
        with error:
            return error.code


def test_a_member_mapped_to_reader_may_not_write(world: World, described: Describe) -> None:
    token = token_of(User("CloudTwo"))
    image = {"name": "trust", "disk_format": "raw", "container_format": "bare"}

    def readers_only(mesh: Mesh) -> None:
        (members,) = (one for one in policy_of(mesh)["peers"]["*"]["people"] if one["name"] == "members")
        members["roles"] = {"member": "reader"}

    status, body = visit(world, "/v2/images", token, body=image)
    assert status == 201, body
    with described(readers_only):
        fresh = token_of(User("CloudTwo"))
        assert visit(world, "/v2/images", fresh)[0] == 200
        status, body = visit(world, "/v2/images", fresh, body=image)
        assert status == 403, body
    gone = f"/v2/images/{json.loads(visit(world, '/v2/images?name=trust', token)[1])['images'][0]['id']}"
    request = Request(world.url("CloudOne", "image", gone), headers={"X-Auth-Token": f"{token}!SCOPE!{THERE}"}, method="DELETE")
    with urlopen(request, timeout=60, context=tls()) as answer:
        assert answer.status == 204


def test_requests_outside_the_policy_get_403(world: World, described: Describe) -> None:
    token = token_of(User("CloudTwo"))
    with described(lambda mesh: policy_of(mesh)["peers"]["*"].update(services={"image": ["GET /v2/images"]})):
        assert visit(world, "/v2/images", token)[0] == 200
        for service, path in (("image", "/v2/schemas/image"), ("compute", "/v2.1/servers"), ("network", "/v2.0/networks")):
            status, body = visit(world, path, token, service)
            assert (status, "gateway of CloudOne: " in body) == (403, True), path


def test_a_revoked_token_is_refused_within_the_bound(lab: Any, world: World, described: Describe) -> None:
    """Also by HAProxy, which admits it alone by then."""
    token, log, seconds = token_of(User("CloudTwo")), Path(lab["state_dir"], "logs/CloudOne/gateway.log"), 5
    with described(lambda mesh: policy_of(mesh).update(seconds=seconds)):
        before, deadline = log.read_text().count("-> guests.image."), time.monotonic() + 50
        while log.read_text().count("-> guests.image.") == before:
            assert time.monotonic() < deadline, "HAProxy admits no guest"
            assert visit(world, "/v2/images", token)[0] == 200
            time.sleep(0.1)
        revoke(lab, "CloudTwo", token)
        revoked, accepted, status = time.monotonic(), 0.0, 200
        while status == 200:
            sent = time.monotonic()
            status, body = visit(world, "/v2/images", token)
            accepted = sent - revoked if status == 200 else accepted
            assert accepted < seconds
        assert status == 401
        assert json.loads(body)["error"]["message"] == "gateway of CloudOne: identity of CloudTwo does not accept the token"


def test_a_forged_home_is_judged_by_that_cloud(world: World) -> None:
    """A user of CloudOne claims that CloudTwo issued the token."""
    token = token_of(User("CloudOne"))
    for scope in (THERE, '{"*":"CloudTwo","image":"CloudOne"}'):
        status, body = visit(world, "/v2/images", token, scope=scope)
        assert (status, "identity of CloudTwo does not accept the token" in body) == (401, True)
    forged = {"X_Openstackoid_From": "CloudTwo", "X_Openstackoid_Listener": "1.2.3.4:5", "X_Openstackoid_Use": "eyJ9"}
    assert visit(world, "/v2/images", token, scope=THERE, **forged)[0] == 401
    assert visit(world, "/v2/images", token, scope='{"*":"CloudOne"}', **forged)[0] == 200


def test_a_service_token_of_another_cloud_comes_from_its_gateway_alone(lab: Any, world: World) -> None:
    """A user with a stolen one has no certificate of CloudTwo."""
    token, nova = token_of(User("CloudTwo")), service_token(lab, "CloudTwo")
    status, body = visit(world, "/v2/images", token, X_Service_Token=f'{nova}!SCOPE!{{"*":"CloudTwo"}}')
    assert (status, "but no gateway has sent it" in body) == (403, True)


def test_a_services_account_of_another_cloud_is_no_user_here(lab: Any, world: World) -> None:
    status, body = visit(world, "/v2.0/ports", service_token(lab, "CloudTwo"), "network")
    assert (status, "may not use network here" in body) == (403, True)


def test_a_poisoned_catalog_leads_nowhere(lab: Any, world: World) -> None:
    """CloudTwo's operator puts foreign endpoints into the catalog; CloudOne's services never see them."""
    admin = User("CloudTwo-admin")
    assert admin.openstack("region", "create", "CloudOne").code == 0
    made = admin.openstack(
        *("endpoint", "create", "--region", "CloudOne", "image", "public", "http://evil.test/image", "-f", "value", "-c", "id")
    )
    assert made.code == 0, made.stderr
    try:
        token = token_of(User("CloudTwo"))
        at_home = urlopen(
            Request(f"{keystone(lab, 'CloudTwo')}/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}),
            timeout=60,
            context=tls(),
        )
        with at_home:
            assert "evil.test" in at_home.read().decode()
        glance = service_token(lab, "CloudOne", "glance")
        sent = {"X-Auth-Token": glance, "X-Subject-Token": f"{token}!SCOPE!{THERE}"}
        with urlopen(
            Request(world.url("CloudOne", "identity", "/v3/auth/tokens"), headers=sent), timeout=60, context=tls()
        ) as answer:
            told = answer.read().decode()
        assert "evil.test" not in told
        assert {row["region"] for entry in json.loads(told)["token"]["catalog"] for row in entry["endpoints"]} == {"CloudOne"}
    finally:
        assert admin.openstack("endpoint", "delete", made.stdout.strip()).code == 0
        assert admin.openstack("region", "delete", "CloudOne").code == 0


def test_a_cloud_that_calls_our_project_its_own(lab: Any, world: World) -> None:
    """CloudTwo's operator can write any id into the database: also that of a project of CloudOne, to see its images."""
    victim = User("CloudOne")
    project = victim.openstack("token", "issue", "-f", "value", "-c", "project_id").stdout.strip()
    database = databases.database(Cloud("CloudTwo"), "keystone")
    client = databases.Client(Path(lab["state_dir"], "mariadb"))
    columns = "extra, description, enabled, domain_id, parent_id, is_domain"
    client.sql(
        f"INSERT INTO project (id, name, {columns}) SELECT '{project}', 'stolen', {columns} FROM project WHERE name = 'demo'",
        database,
    )
    admin = User("CloudTwo-admin")
    try:
        granted = admin.openstack("role", "add", "--user", "demo", "--project", project, "member")
        assert granted.code == 0, granted.stderr
        entry = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())["clouds"]["CloudTwo"]
        body = login(entry["auth"])
        body["auth"]["scope"] = {"project": {"id": project}}
        request = Request(
            f"{keystone(lab, 'CloudTwo')}/auth/tokens", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=60, context=tls()) as answer:
            token = str(answer.headers["X-Subject-Token"])
            assert json.loads(answer.read())["token"]["project"]["id"] == project
        for service, path in (("image", "/v2/images"), ("compute", "/v2.1/servers"), ("network", "/v2.0/ports")):
            status, _ = visit(world, path, token, service)
            assert status == 401, service
        said = Path(lab["state_dir"], "logs/CloudOne/gateway.log").read_text()
        assert f"CloudTwo names a project of CloudOne as its own: {project}" in said
    finally:
        assert admin.openstack("project", "delete", project).code == 0


def test_the_lines_of_both_clouds_have_one_id(lab: Any, described: Describe) -> None:
    """With ``audit: strict``, the line of the asked cloud is there before the answer."""
    one = User("CloudOne")
    with described(lambda mesh: policy_of(mesh, "CloudTwo").update(audit="strict")):
        assert one.openstack("image", "show", "cirros", scope='{"image": "CloudTwo"}').code == 0
        there = next(line for line in audited(lab, "CloudTwo") if line["direction"] == "in" and line["home"] == "CloudOne")
    check_lines(lab, there)


def test_a_use_that_haproxy_admits_has_its_lines_in_both_clouds(lab: Any) -> None:
    token, log = token_of(User("CloudOne")), Path(lab["state_dir"], "logs/CloudTwo/gateway.log")
    before, asked, deadline = log.read_text().count("-> guests.image."), 0, time.monotonic() + 50
    # The first requests may go on kept connections to a gateway that was replaced.
    while log.read_text().count("-> guests.image.") < before + 3:
        assert time.monotonic() < deadline, "HAProxy admits no guest"
        assert visit(World(Path(lab["state_dir"])), "/v2/images", token, scope='{"*":"CloudOne","image":"CloudTwo"}')[0] == 200
        asked += 1
        time.sleep(1)
    lines = [line for line in audited(lab, "CloudTwo") if line["direction"] == "in" and line["path"].endswith("/v2/images")]
    assert len({line["request_id"] for line in lines[:asked]}) == asked
    for line in lines[:asked]:
        check_lines(lab, line)


def check_lines(lab: Any, there: dict[str, Any]) -> None:
    """Check the line of CloudTwo about a user of CloudOne, and the line of CloudOne about the same request."""
    here = next(line for line in audited(lab, "CloudOne") if line["request_id"] == there["request_id"])
    assert (here["direction"], here["cloud"], here["home"]) == ("out", "CloudTwo", "CloudOne")
    assert (there["user"]["name"], there["sender"], there["rule"], there["status"]) == ("demo", "CloudOne", "*/members", 200)
    assert (here["user"], here["project"], here["rule"]) == (there["user"], there["project"], there["rule"])
