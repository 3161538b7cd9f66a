# SPDX-License-Identifier: Apache-2.0
"""A suggested policy admits the refused requests, and no others."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from openstackoid.cli import main
from openstackoid.mesh import parse_mesh
from openstackoid.policy import Grant, Policy, Use, grant, principal_of

MESH = """\
mesh: 1
clouds:
  CloudOne:
    gateway: {{unbound_tokens: true}}
    policy: {policy}
    services:
      compute: {{frontend: "http://127.0.0.1:1/compute/v2.1", backend: "http://127.0.0.1:2"}}
      image: {{frontend: "http://127.0.0.1:1/image", backend: "http://127.0.0.1:2"}}
  CloudTwo:
    services:
      image: {{frontend: "http://127.0.0.1:3/image"}}
"""
SERVER = "b7e4c5a0-1b2c-4d3e-8f90-123456789abc"


def line(**more: Any) -> str:
    domain = {"domain": "Default"}
    values = {
        "time": "2026-11-24T16:02:10.480Z",
        "gateway": "CloudOne",
        "direction": "in",
        "home": "CloudTwo",
        "cloud": "CloudOne",
        "user": {"id": "19be04", "name": "bob", **domain},
        "project": {"id": "b21c90", "name": "demo", **domain},
        "source": "203.0.113.10",
        "service": "image",
        "interface": "public",
        "method": "GET",
        "path": "/image/v2/images",
        "rule": None,
        "outcome": "refused",
        "status": 403,
        "reason": "no entry is for this user",
        "request_id": None,
    }
    return json.dumps(values | more)


def suggest(folder: Path, capsys: pytest.CaptureFixture[str], *lines: str, policy: str = "{}") -> str:
    assert run(folder, *lines, policy=policy) == 0
    return capsys.readouterr().out


def run(folder: Path, *lines: str, policy: str = "{}") -> int:
    (folder / "mesh.yaml").write_text(MESH.format(policy=policy))
    (folder / "audit.log").write_text("\n".join(lines) + "\n")
    return main(["policy", "suggest", "--cloud", "CloudOne", "--config", str(folder / "mesh.yaml"), str(folder / "audit.log")])


def parsed(said: str) -> Policy:
    return parse_mesh(MESH.format(policy=json.dumps(yaml.safe_load(said)["policy"]))).clouds["CloudOne"].policy


def admitted(policy: Policy, user: str, project: str, use: Use) -> bool:
    domain = {"id": "default", "name": "Default"}
    owned = [{"id": identity, "name": name, "domain": domain} for identity, name in ((user, "bob"), (project, "demo"))]
    token = {"token": {"user": owned[0], "project": owned[1], "roles": [{"name": "member"}]}}
    return isinstance(grant(policy, "CloudTwo", principal_of(token), use), Grant)


def test_the_suggestion_admits_what_was_refused_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    delete = line(service="compute", method="DELETE", path=f"/compute/v2.1/servers/{SERVER}")
    said = suggest(tmp_path, capsys, line(), delete, line(outcome="allowed", status=200, path="/image/v2/schemas"))
    policy = parsed(said)

    def judged(user: str, service: str, method: str, path: str) -> bool:
        return admitted(policy, user, "b21c90", Use(service, method, path))

    assert judged("19be04", "image", "GET", "/v2/images")
    assert judged("19be04", "compute", "DELETE", "/v2.1/servers/another")
    assert not judged("19be05", "image", "GET", "/v2/images")
    assert not judged("19be04", "image", "GET", "/v2/schemas")
    assert not judged("19be04", "compute", "POST", "/v2.1/servers")


def test_another_project_is_not_admitted_and_has_an_entry_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, flavors = Use("image", "GET", "/v2/images"), Use("compute", "GET", "/v2.1/flavors")
    policy = parsed(suggest(tmp_path, capsys, line()))
    assert (admitted(policy, "19be04", "b21c90", images), admitted(policy, "19be04", "77aa01", images)) == (True, False)
    other = {"id": "77aa01", "name": "test", "domain": "Default"}
    said = suggest(tmp_path, capsys, line(), line(project=other, service="compute", path="/compute/v2.1/flavors"))
    assert [entry["projects"] for entry in yaml.safe_load(said)["policy"]["peers"]["CloudTwo"]["people"]] == [
        {"ids": ["77aa01"]},
        {"ids": ["b21c90"]},
    ]
    asked = [(project, use) for project in ("b21c90", "77aa01") for use in (images, flavors)]
    found = [(project, use) for project, use in asked if admitted(parsed(said), "19be04", project, use)]
    assert found == [("b21c90", images), ("77aa01", flavors)]


def test_a_matching_entry_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = suggest(tmp_path, capsys, line(rule="CloudTwo/staff", method="POST"))
    assert said == "# CloudTwo/staff matches, but does not allow this; to its 'services', add image: POST /v2/images\n"


def test_users_that_are_not_known_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = suggest(tmp_path, capsys, line(user=None), line(count=7, path="..."), line(status=401), line(gateway="CloudTwo"))
    assert said.startswith("# CloudTwo: 8 requests of users that the audit log does not name;")
    assert suggest(tmp_path, capsys, line(status=401)) == "# The policy has refused no request in these files.\n"


NO_LINES = "1761930003.2 haproxy[7]: 10.0.2.10:4711 frontend/image 200"


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        ([NO_LINES, "{}"], 1, ""),
        ([NO_LINES, line(rule="CloudTwo/staff")], 0, "# CloudTwo/staff matches, but does not allow this; to its 'services', "),
        ([line(status=401), '{"time": "2026'], 0, "# The policy has refused no request in these files.\n"),
    ],
)
def test_lines_that_cannot_be_read_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[str], code: int, said: str
) -> None:
    assert run(tmp_path, *lines) == code
    output = capsys.readouterr()
    assert output.err.splitlines()[0] == f"skipped, as they are not complete audit lines: {len(lines) - (not code)}"
    assert output.out.startswith(said)
    assert bool(output.out) == (not code)
    assert ("openstackoid: no line of these files is one of an audit log\n" in output.err) == bool(code)
