# SPDX-License-Identifier: Apache-2.0
"""The pictures of README and docs, in light and dark: the console of two real clouds, and of a third that is not there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from browser import running_chromium
from console.pictures import take, views
from examples.session import User
from faults.now_view import console
from lab.links import ask
from lab.plain_http import frontend
from lab.raised import HORIZON, raised
from openstackoid.scope import join_token
from waiting import until


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path | None = request.config.getoption("--screenshots")
    if found is None:
        pytest.skip("--screenshots names no folder")
    return found


@pytest.fixture(scope="module")
def lab(folder: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Two clouds, whose gateways know a third, which is down."""
    with raised(HORIZON, request.config) as status:
        description = Path(status["state_dir"], "mesh.yaml")
        mesh = yaml.safe_load(description.read_text(encoding="utf-8"))
        services = {name: {"frontend": f"https://127.0.0.1:9/{name}"} for name in ("identity", "image", "compute")}
        mesh["clouds"]["CloudThree"] = {"services": services}
        mesh["round_trips"] = [
            {"clouds": ["CloudOne", "CloudTwo"], "milliseconds": 4.2},
            {"clouds": ["CloudOne", "CloudThree"], "milliseconds": 38.2},
        ]
        description.write_text(yaml.safe_dump(mesh, sort_keys=False))
        yield status


def account(lab: Any, entry: str) -> dict[str, Any]:
    clouds = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text(encoding="utf-8"))["clouds"]
    return dict(clouds[entry]["auth"])


def used(lab: Any) -> str:
    """Have users of each cloud use the other, and be refused; return the id of a traced request."""
    one, two = User("CloudOne"), User("CloudTwo")
    until(lambda: one.openstack("image", "list", scope="image=CloudTwo").code == 0)
    until(lambda: two.openstack("image", "list", scope="image=CloudOne").code == 0)
    for words, scope in (
        (("image", "show", "missing"), "image=CloudOne"),
        (("server", "list"), "compute=CloudOne,image=CloudOne,network=CloudOne,block-storage=CloudOne"),
    ):
        two.openstack(*words, scope=scope)
    own = account(lab, "CloudTwo")
    who = {"name": own["username"], "password": own["password"], "domain": {"id": own["user_domain_id"]}}
    asked = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": {"unscoped": {}}}}
    unscoped = ask(f"{own['auth_url']}/auth/tokens", {"Content-Type": "application/json"}, "POST", json.dumps(asked).encode())
    # A token without a project, which no rule admits.
    token = join_token(unscoped.headers["x-subject-token"], '{"*":"CloudTwo","image":"CloudOne"}')
    here = f"{frontend(lab, 'CloudOne')}/image/v2/images"
    assert ask(here, {"X-Auth-Token": token}).status != 200
    request_id = f"req-7472ace0-{str(uuid4()).partition('-')[2]}"
    token = one.openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip()
    headers = {"X-Auth-Token": token, "X-Scope": '{"image": "CloudThree | CloudTwo"}', "X-OpenStack-Request-Id": request_id}
    assert ask(here, headers).status == 200
    return request_id


def test_pictures(lab: Any, folder: Path, tmp_path: Path) -> None:
    paths = views(used(lab))
    state, admin = Path(lab["state_dir"]), account(lab, "CloudOne-admin")
    with console(tmp_path, state / "mesh.yaml", state / "gateways/CloudOne") as view, running_chromium() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.set_default_timeout(60_000)
        url = f"http://127.0.0.1:{view.port}"
        page.goto(f"{url}/log-in")
        for field, value in (("user", admin["username"]), ("password", admin["password"]), ("project", admin["project_name"])):
            page.fill(f"#{field}", value)
        page.click("form[aria-label='Log in with a password'] button")
        page.wait_for_load_state()
        take(page, url, paths, folder)
