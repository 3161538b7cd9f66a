# SPDX-License-Identifier: Apache-2.0
"""``openstackoid policy`` as it is typed, and the recipes of docs/operate/policy-recipes.md."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from documents import read
from openstackoid.cli import main
from openstackoid.mesh import parse_mesh
from openstackoid.policy import Delegated, Denial, Policy, Use, derived_id, may_ask, tried
from unit.policy.samples import roles, token

PAGE = read("operate/policy.md", "operate/policy-keys.md", "operate/policy-users.md", "operate/policy-recipes.md")
EXAMPLE, *_ = re.findall(r"```yaml\n(mesh: .*?)```", PAGE, re.DOTALL)
RECIPES = {
    part.partition("\n")[0]: yaml
    for part in PAGE.split("\n### ")
    for yaml in re.findall(r"```yaml\n(peers:.*?)```", part, re.DOTALL)
}
CHECK = ["policy", "check", "--config", "mesh.yaml", "--cloud", "CloudOne"]
PERSON = ["--role", "member"]
Say = Callable[..., str]
DEFAULT = {"id": "default", "name": "Default"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's mesh.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mesh.yaml").write_text(EXAMPLE)
    return tmp_path


@pytest.fixture
def say(desk: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """The output of a command, which must end with the expected code."""

    def run(*words: str, code: int = 0, issuer: str = "CloudTwo") -> str:
        assert main([*CHECK, "--issuer", issuer, *words]) == code
        said = capsys.readouterr()
        assert said.err == ""
        return said.out

    return run


@pytest.fixture
def misunderstood(desk: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """The last line of the error about an invalid command; there is no other output."""

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as left:
            main([*CHECK, "--issuer", "CloudTwo", *words])
        said = capsys.readouterr()
        assert (left.value.code, said.out) == (2, "")
        return said.err.splitlines()[-1].removeprefix("openstackoid policy check: error: ")

    return run


def recipe(heading: str) -> Policy:
    cloud = "  CloudOne:\n    services: {image: {frontend: http://one:1}}\n    policy:\n" + indent(RECIPES[heading], " " * 6)
    peers = "".join(f"  {name}: {{services: {{image: {{frontend: http://{name}:1}}}}}}\n" for name in ("CloudTwo", "CloudThree"))
    return parse_mesh(f"mesh: 1\nclouds:\n{cloud}{peers}").clouds["CloudOne"].policy


def who(name: str = "alice", project: str = "demo", held: str = "member reader", domain: str = "Default") -> dict[str, Any]:
    place = DEFAULT if domain == "Default" else {"id": "d0", "name": domain}
    user = {"id": "a11ce", "name": name, "domain": place}
    return token(user=user, project={"id": "de30", "name": project, "domain": DEFAULT}, roles=roles(*held.split()))


ALICE, NOVA = who(), who("nova", "service", "service admin member")
BOSS = who("boss", held="admin manager member reader", domain="Staff")
LIST, UPLOAD = Use("image", "GET", "/v2/images"), Use("image", "PUT", "/v2/images/1/file")
READ = Use("image", "GET", "/v2/images/1/file")
BOOT = Use("compute", "POST", "/v2.1/servers")
BIND, MAKE = Use("network", "PUT", "/v2.0/ports/1"), Use("network", "POST", "/v2.0/ports")
NETWORKS = [Use("network", "GET", f"/v2.0/{path}") for path in ("extensions", "networks", "networks/1", "subnets", "floatingips")]
PORTS = [Use("network", "GET", f"/v2.0/ports{path}") for path in ("", "/1", "/1/bindings/host")]


@pytest.mark.parametrize(
    ("heading", "issuer", "sender", "use", "document", "rule", "ours"),
    [
        ("Images, to read", "CloudTwo", None, LIST, BOSS, "CloudTwo/everybody", ["reader"]),
        ("Images, to read", "CloudTwo", None, READ, ALICE, "CloudTwo/everybody", ["reader"]),
        ("Images, to read", "CloudTwo", None, UPLOAD, BOSS, None, None),
        ("Images, to read", "CloudTwo", None, BOOT, BOSS, None, None),
        ("Images, to read", "CloudThree", None, LIST, ALICE, None, None),
        ("Their administrators are not yours", "CloudTwo", None, BOOT, BOSS, "CloudTwo/staff", ["member", "reader"]),
        ("Their administrators are not yours", "CloudTwo", None, BOOT, ALICE, None, None),
        ("Service accounts of a peer", "CloudTwo", None, None, NOVA, "CloudTwo/services", ["service"]),
        ("Service accounts of a peer", "CloudTwo", None, LIST, NOVA, "CloudTwo/services", None),
        ("Service accounts of a peer", "CloudTwo", None, READ, ALICE, "CloudTwo/everybody", ["member"]),
        # An account of another name has no role that counts for more.
        ("Service accounts of a peer", "CloudTwo", None, None, who("nova2", "service", "service"), None, None),
        ("A shared data plane", "CloudTwo", "CloudTwo", MAKE, ALICE, "CloudTwo/everybody", ["member"]),
        ("A shared data plane", "CloudTwo", "CloudTwo", MAKE, NOVA, "CloudTwo/nova", None),
        *[
            ("A shared data plane", "CloudTwo", "CloudTwo", use, NOVA, "CloudTwo/nova", ["service"])
            for use in [*NETWORKS, *PORTS, BIND]
        ],
        ("By way of a third cloud", "CloudTwo", "CloudThree", READ, ALICE, "CloudTwo/everybody", ["member"]),
        ("By way of a third cloud", "CloudThree", "CloudThree", None, NOVA, "CloudThree/services", ["service"]),
        ("By way of a third cloud", "CloudThree", "CloudThree", READ, NOVA, None, None),
        ("By way of a third cloud", "CloudThree", "CloudTwo", None, NOVA, None, None),
        ("Guests in one project", "CloudThree", None, BOOT, ALICE, "*/guests", ["member"]),
        ("Guests in one project", "CloudTwo", "CloudThree", BOOT, ALICE, None, None),
    ],
)
def test_a_recipe_has_its_documented_effect(
    heading: str,
    issuer: str,
    sender: str | None,
    use: Use | None,
    document: dict[str, Any],
    rule: str | None,
    ours: list[str] | None,
) -> None:
    trial = tried(recipe(heading), issuer, sender, use, document)
    assert trial.judged.rule == rule
    assert (None if trial.token is None else [role["name"] for role in trial.token["roles"]]) == ours


PORT, ATTACHED = Use("network", "GET", "/v2.0/ports/1"), Use("compute", "GET", "/v2.1/servers/1/os-volume_attachments/1")
SERVER = Use("compute", "GET", "/v2.1/servers/1")


def test_the_recipe_of_delegation_serves_what_it_names() -> None:
    part = PAGE.partition("\n### What comes back from a shared data plane\n")[2]
    (yaml,) = re.findall(r"```yaml\n(delegation:.*?)```", part, re.DOTALL)
    cloud = "  CloudOne:\n    services: {image: {frontend: http://one:1}}\n    policy:\n" + indent(yaml, " " * 6)
    mesh = parse_mesh(f"mesh: 1\nclouds:\n{cloud}  CloudTwo: {{services: {{image: {{frontend: http://two:1}}}}}}\n")
    (delegation,) = mesh.clouds["CloudOne"].policy.delegation
    for use, of_user, of_service in ((SERVER, True, False), (ATTACHED, False, True), (PORT, False, True), (BIND, False, False)):
        asked = [may_ask(delegation, Delegated(use, of_service=service)) for service in (False, True)]
        assert [not isinstance(answer, Denial) for answer in asked] == [of_user, of_service]


def test_every_recipe_is_tried() -> None:
    marks = test_a_recipe_has_its_documented_effect.pytestmark
    used = {mark.args[1][number][0] for mark in marks for number in range(len(mark.args[1]))}
    assert set(RECIPES) == used


class TestCheck:
    IMAGES = ("--service", "image", "--path", "/v2/images")

    def test_the_request_is_read_as_the_gateway_reads_it(self, say: Say) -> None:
        assert "allowed" in say("--service", "glance", "--path", "/v2/./x/..//im%61ges/", "--method", "head", *PERSON)
        assert "refused" in say("--service", "image", "--path", "/v2/images/../../v3", *PERSON, code=1)

    def test_the_sender_must_be_accepted(self, say: Say) -> None:
        assert "allowed" in say(*self.IMAGES, *PERSON, "--sender", "CloudThree")
        assert say(*self.IMAGES, *PERSON, "--sender", "CloudTwo", issuer="CloudThree", code=1) == (
            "outcome  refused\nrule     none\nwhy      the policy here does not accept users of CloudThree\n"
        )

    def test_a_token_is_a_file_or_stdin(self, say: Say, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (desk / "token.json").write_text(json.dumps(ALICE))
        from_file = json.loads(say(*self.IMAGES, "--token", "token.json", "--format", "json"))
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(ALICE)))
        assert json.loads(say(*self.IMAGES, "--token", "-", "--format", "json")) == from_file
        assert from_file["user"]["id"] == derived_id("CloudTwo", "user", "a11ce")
        assert (from_file["project"]["name"], from_file["roles"], from_file["rule"]) == ("demo", ["reader"], "CloudTwo/everybody")

    def test_a_token_that_no_peer_may_have_is_refused(self, say: Say, desk: Path) -> None:
        (desk / "token.json").write_text(json.dumps(token(system={"all": True})))
        said = say(*self.IMAGES, "--token", "token.json", code=1)
        assert said.endswith("why      a token for a system is not accepted from another cloud; one for a project is\n")

    def test_a_domain_may_be_given_by_name_or_id(self, say: Say, desk: Path) -> None:
        by_id = EXAMPLE.replace("domains: [Staff]", "domains: [57aff]")
        (desk / "mesh.yaml").write_text(by_id)
        assert "CloudTwo/staff" in say(*PERSON, "--user-domain", "57aff")
        (desk / "mesh.yaml").write_text(by_id.replace("57aff", "'My staff'"))
        assert "CloudTwo/staff" in say(*PERSON, "--user-domain", "My staff")
        (desk / "mesh.yaml").write_text(by_id.replace("57aff", "default"))
        assert "CloudTwo/staff" in say(*PERSON)

    def test_unnamed_users_and_projects_are_shown_as_unnamed(self, say: Say) -> None:
        said = say(*PERSON)
        assert "user     not named, of the domain Default\nproject  not named, of the domain Default\n" in said
        told = json.loads(say(*PERSON, "--user-id", "a11ce", "--project-id", "de30", "--format", "json"))
        assert [told[key]["name"] for key in ("user", "project")] == [None, None]
        assert [len(told[key]["id"]) for key in ("user", "project")] == [32, 32]

    def test_roles_may_be_given_in_a_row_or_one_by_one(self, say: Say) -> None:
        staff = ("--user-domain", "Staff")
        assert "roles    member, reader\n" in say(*staff, "--role", "x", "admin")
        assert "roles    member, reader\n" in say(*staff, "--role", "x", "--role", "ADMIN")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ([], "the user is missing; --token is accepted, or --role with options for user and project"),
            (["--token", "t", "--user-id", "u"], "--user-id and --token both describe the user; one of them is accepted"),
            ([*PERSON, "--service", "image"], "--service and --path go together"),
            ([*PERSON, "--path", "/v2"], "--service and --path go together"),
            (
                [*PERSON, "--path", "v2"],
                "argument --path: 'v2': a path that begins with '/' is accepted, without a query",
            ),
            (
                [*PERSON, "--path", "/v2?a=b"],
                "argument --path: '/v2?a=b': a path that begins with '/' is accepted, without a query",
            ),
            (
                ["--role", "a\nb"],
                "argument --role: 'a\\nb': not a name: printable characters are accepted, 255 at most",
            ),
            (
                ["--user-id", "../a"],
                "argument --user-id: '../a': not an id: letters, digits, '_', '.' and '-' are accepted, 64 at most",
            ),
        ],
    )
    def test_a_question_that_is_not_understood(self, words: list[str], said: str, misunderstood: Say) -> None:
        assert misunderstood(*words) == said

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--cloud", "CloudSix"], "the mesh has no cloud 'CloudSix'; known: CloudOne, CloudThree, CloudTwo"),
            (
                ["--issuer", "CloudOne"],
                "--issuer: CloudOne is the cloud itself, whose Keystone judges its users; its peers: CloudThree, CloudTwo",
            ),
            (["--issuer", "CloudSix"], "--issuer: the mesh has no cloud 'CloudSix'; peers of CloudOne: CloudThree, CloudTwo"),
            (["--sender", "CloudSix"], "--sender: the mesh has no cloud 'CloudSix'; peers of CloudOne: CloudThree, CloudTwo"),
            (
                ["--service", "keystone", "--path", "/"],
                "--service: Keystone judges its own requests; accepted: compute, image, network",
            ),
            (
                ["--service", "volumev3", "--path", "/"],
                "--service: CloudOne has no service 'volumev3'; accepted: compute, image, network",
            ),
        ],
    )
    def test_an_unknown_name_is_an_error(
        self, words: list[str], said: str, desk: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([*CHECK, "--issuer", "CloudTwo", *PERSON, *words]) == 1
        assert capsys.readouterr() == ("", f"openstackoid: {said}\n")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "cannot read token.json: No such file or directory"),
            (b"gAAAA", "token.json: not JSON; the body of Keystone's answer to GET /v3/auth/tokens is accepted"),
            (b"\xff", "token.json: not JSON; the body of Keystone's answer to GET /v3/auth/tokens is accepted"),
            (b"[" * 100_000, "token.json: not JSON; the body of Keystone's answer to GET /v3/auth/tokens is accepted"),
        ],
    )
    def test_a_token_that_cannot_be_read(
        self, content: bytes | None, said: str, desk: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        if content is not None:
            (desk / "token.json").write_bytes(content)
        assert main([*CHECK, "--issuer", "CloudTwo", "--token", "token.json"]) == 1
        assert capsys.readouterr() == ("", f"openstackoid: {said}\n")


def test_a_cloud_without_a_policy_is_shown(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", "--config", "mesh.yaml", "--cloud", "CloudTwo"]) == 0
    assert capsys.readouterr().out == "CloudTwo lets in no user of another cloud: its policy has no 'people' of a peer.\n"


def test_the_command_imports_no_openstacksdk_lab_or_gateway() -> None:
    source = "import sys; from openstackoid.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    words = ["policy", "show", "--config", "-", "--cloud", "C"]
    done = subprocess.run([sys.executable, "-c", source, *words], capture_output=True, text=True, check=True)
    assert "cannot read the mesh description" in done.stderr
    loaded = set(done.stdout.split())
    assert "openstackoid.policy" in loaded
    assert loaded & {"openstack", "keystoneauth1", "requests", "aiohttp", "rich", "asyncio"} == set()
