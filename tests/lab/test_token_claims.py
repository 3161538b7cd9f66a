# SPDX-License-Identifier: Apache-2.0
"""CloudTwo's operator changes a token: CloudOne's services and its gateway see one user with one set of roles."""

import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import psutil
import pytest

from examples.coverage import Lab
from examples.session import User, authority, lab_status, tls
from lab.meaning import World
from lab.tokens import keystone, login, token_of

SCOPE = '{"*":"CloudTwo","network":"CloudOne"}'
SERVICE = f"svc-{uuid4().hex[:8]}"
"""The name by which CloudOne's policy knows a service's account of CloudTwo."""
PASSWORD = "of-the-accounts-of-these-tests"


@pytest.fixture(scope="module")
def operator(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Operator"]:
    """CloudTwo's operator, while CloudOne's policy lets an account of a service in CloudTwo be validated, and no more."""

    def name_it(mesh: dict[str, Any]) -> None:
        people = mesh["clouds"]["CloudOne"]["policy"]["peers"]["*"]["people"]
        next(one for one in people if one["name"] == "services")["users"]["names"].append(SERVICE)

    with Lab(tmp_path_factory.mktemp("claims")).described(name_it):
        played = Operator(lab)
        yield played
        played.close()


class Operator:
    """CloudTwo's operator: the administrator of its Keystone, with the certificate of its gateway."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.world = World(Path(lab["state_dir"]))
        self.roles = {role["name"]: role["id"] for role in self.keystone("GET", "/v3/roles")["roles"]}
        (project,) = self.keystone("GET", "/v3/projects?name=service")["projects"]
        self.project = str(project["id"])
        self.accounts: list[str] = []

    def keystone(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.world.ask(method, "CloudTwo", "identity", path, body, X_Auth_Token=self.world.token("CloudTwo-admin"))
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}

    def account(self, name: str) -> str:
        """Make an account with the roles ``service`` and ``member`` in the project ``service``, and return its id."""
        user = self.keystone("POST", "/v3/users", {"user": {"name": name, "domain_id": "default", "password": PASSWORD}})
        self.accounts.append(str(user["user"]["id"]))
        for role in ("service", "member"):
            self.grant(self.accounts[-1], role)
        return self.accounts[-1]

    def grant(self, account: str, role: str, method: str = "PUT") -> None:
        self.keystone(method, f"/v3/projects/{self.project}/users/{account}/roles/{self.roles[role]}")

    def rename(self, account: str, name: str) -> None:
        self.keystone("PATCH", f"/v3/users/{account}", {"user": {"name": name}})

    def token(self, name: str) -> str:
        body = login({"username": name, "password": PASSWORD, "project_name": "service"})
        url = f"{keystone(self.lab, 'CloudTwo')}/auth/tokens"
        request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=60, context=tls()) as answer:
            return str(answer.headers["X-Subject-Token"])

    def ask(self, user: str, service: str | None = None, scope: str = SCOPE) -> tuple[int, str]:
        """Ask Neutron of CloudOne, as CloudTwo's gateway does, with a user's token and a service's; return status and body.

        ``scope`` is that of the service's token. With the scope of the user's token it is the same to Neutron's cache.
        """
        context = ssl.create_default_context(cafile=authority())
        tls_of = self.world.mesh.clouds["CloudTwo"].tls
        assert tls_of is not None
        context.load_cert_chain(tls_of.certificate)
        headers = {"X-Auth-Token": f"{user}!SCOPE!{SCOPE}"}
        if service is not None:
            headers["X-Service-Token"] = f"{service}!SCOPE!{scope}"
        request = Request(self.world.url("CloudOne", "network", "/v2.0/ports"), headers=headers)
        try:
            with urlopen(request, timeout=60, context=context) as answer:
                return int(answer.status), answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def audited(self) -> list[dict[str, Any]]:
        """Return the lines of CloudOne about requests that came in."""
        text = Path(self.lab["state_dir"], "gateways/CloudOne/audit.log").read_text()
        return [line for line in map(json.loads, text.splitlines()) if line["direction"] == "in"]

    def close(self) -> None:
        for account in self.accounts:
            self.keystone("DELETE", f"/v3/users/{account}")


@pytest.fixture
def member(lab: Any) -> str:
    """A token of an ordinary member of CloudTwo."""
    return token_of(User("CloudTwo"))


def test_a_service_account_that_is_renamed_does_not_come_in_with_the_role_that_neutron_remembers(
    operator: Operator, member: str
) -> None:
    account = operator.account(SERVICE)
    token = operator.token(SERVICE)
    assert operator.ask(member, token)[0] == 200, "Neutron has it validated as a service's token, and keeps the role service"
    operator.rename(account, f"mallory-{SERVICE}")
    second = operator.token(f"mallory-{SERVICE}")
    assert operator.ask(second)[0] == 200, "as a member, with a new token, it may"
    # Without what it has heard of the token: for a moment, that would refuse it as a service's.
    _restart_python_service()
    status, body = operator.ask(token)
    assert (status, "have changed since a service here validated it" in body) == (401, True)
    line = next(line for line in reversed(operator.audited()) if line["status"] == 401)
    assert (line["user"]["name"], line["rule"], line["outcome"]) == (f"mallory-{SERVICE}", "*/members", "refused")
    changed = "have changed: user name, rule, roles here, project here; the rule was */services; the token is {SHA256}"
    assert changed in line["reason"]
    assert operator.ask(member, token)[0] == 200, "Neutron goes on with what it was told"

    _restart_python_service()
    assert operator.ask(token)[0] == 401, "the record outlives the process"
    operator.rename(account, f"gone-{SERVICE}")


def test_a_renamed_user_is_not_a_service_for_neutron(operator: Operator, member: str) -> None:
    account = operator.account(f"eve-{SERVICE}")
    token = operator.token(f"eve-{SERVICE}")
    assert operator.ask(token)[0] == 200
    operator.rename(account, SERVICE)
    # Without what it has heard of the token, which answers Neutron for a moment.
    _restart_python_service()
    assert operator.ask(member, token, '{"*":"CloudTwo"}')[0] == 401
    line = next(line for line in reversed(operator.audited()) if line["service"] == "identity")
    assert (line["status"], line["user"]["name"], line["rule"]) == (404, SERVICE, "*/services")
    operator.rename(account, f"gone-too-{SERVICE}")


def test_a_member_with_new_roles_or_another_rule_must_log_in_again(operator: Operator, tmp_path: Path) -> None:
    name = f"bob-{SERVICE}"
    operator.account(name)
    token = operator.token(name)
    assert operator.ask(token)[0] == 200

    def readers_only(mesh: dict[str, Any]) -> None:
        people = mesh["clouds"]["CloudOne"]["policy"]["peers"]["*"]["people"]
        next(one for one in people if one["name"] == "members")["roles"] = {"member": "reader"}

    with Lab(tmp_path).described(readers_only):
        assert operator.ask(token)[0] == 401
        assert operator.ask(operator.token(name))[0] == 200
    assert operator.ask(token)[0] == 200, "the rule is the first one again"


def test_a_services_token_in_both_headers_comes_in_on_a_shared_data_plane_alone(operator: Operator, tmp_path: Path) -> None:
    """Nova of CloudTwo binds a port in a network here so."""
    account = operator.account(SERVICE)
    try:
        token = operator.token(SERVICE)
        assert operator.ask(token, token)[0] == 403
        with Lab(tmp_path).sharing("network"):
            assert operator.ask(token, token)[0] == 200
    finally:
        operator.rename(account, f"gone-at-last-{SERVICE}")


def _restart_python_service() -> None:
    """Kill the Python service of CloudOne's gateway, and wait for the next one."""
    pids = {
        service["name"]: service["pid"]
        for cloud in lab_status()["clouds"]
        if cloud["name"] == "CloudOne"
        for service in cloud["services"]
    }
    gateway = psutil.Process(pids["gateway"])

    def is_bridge(process: psutil.Process) -> bool:
        try:
            return "openstackoid.bridge" in " ".join(process.cmdline())
        except psutil.Error:
            return False

    def bridges() -> list[psutil.Process]:
        return [child for child in gateway.children() if is_bridge(child)]

    (before,) = bridges()
    before.kill()
    deadline = time.monotonic() + 60
    while not [found for found in bridges() if found.pid != before.pid]:
        assert time.monotonic() < deadline, "the Python service was not started again"
        time.sleep(0.2)
