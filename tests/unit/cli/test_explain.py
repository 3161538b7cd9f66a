# SPDX-License-Identifier: Apache-2.0
"""``openstackoid explain`` as it is typed, and its page, docs/use/explain.md."""

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.case import Case, Refused
from conformance.cases import CASES
from openstackoid.cli import main
from openstackoid.mesh.load import PACKED
from unit.cli.explaining import EXAMPLE, PAGE, SHOWN, THREE, Explain


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_page_shows_the_output_of_its_commands(
    command: str, output: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == output


def test_the_page_names_every_key_and_option(desk: Path, told: Explain, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explain", "--help"])
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"^\| `(--[a-z]+)` ", PAGE, re.MULTILINE))
    keys = [key for row in re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \|", PAGE, re.MULTILINE) for key in re.findall("[a-z]+", row)]
    refused, guest = told("--scope", "{", "GET", "/image"), told("--scope", GUEST, "--header", "X-Auth-Token: t", "GET", "/image")
    assert [key for key in keys if key not in ("guest", "verified", "turns", "near", "waits", "gateway")] == list(refused)
    assert set(keys) == {*refused, "guest", "verified", "turns", "near", "waits", "gateway"}
    assert (guest["route"], guest["guest"], guest["status"]) == ("refuse", "CloudTwo", 403), "CloudOne has no policy"


GUEST = '{"identity": "CloudTwo"}'


@pytest.mark.parametrize("case", [case for case in CASES if case.path.startswith("/")], ids=lambda case: case.name)
def test_the_table_of_cases(case: Case, told: Explain, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = next(endpoint.listener for endpoint in THREE.clouds[case.at].endpoints if endpoint.key == case.to)
    words = [word for name, value in case.headers for word in ("--header", f"{name}: {value}")]
    if case.body is not None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(case.body.encode())))
        words += ["--body", "-"]
    if case.remembered is not None:
        words += ["--remembered", case.remembered]
    answer = told(*words, case.method, f"http://{listener}{case.path}", at=case.at, config=f"three{PACKED}")
    if isinstance(case.expect, Refused):
        assert (answer["route"], answer["clouds"], answer["status"]) == ("refuse", [], case.expect.status)
        return
    route = "bridge" if case.expect.relayed else "local" if case.expect.cloud == case.at else "remote"
    assert (answer["route"], answer["clouds"]) == (route, [case.expect.cloud])


class TestTheRequest:
    def test_scope_is_the_header_x_scope(self, told: Explain) -> None:
        assert told("--scope", '{"image": "CloudTwo"}', "GET", "/image")["clouds"] == ["CloudTwo"]
        assert told("--scope", "image=CloudTwo", "GET", "/image")["clouds"] == ["CloudTwo"]
        twice = told("--scope", '{"image": "CloudTwo"}', "--header", 'X-Scope: {"image": "CloudTwo"}', "GET", "/image")
        assert (twice["status"], "X-Scope is sent 2 times" in twice["reason"]) == (400, True)

    @pytest.mark.parametrize(
        ("scope", "route"),
        [
            (
                "image=CloudTwo | CloudOne & CloudTwo",
                "otherwise: the gateway's Python service asks image of CloudTwo, then (of CloudOne and of CloudTwo at once)",
            ),
            (
                "image=CloudOne & CloudTwo | CloudTwo",
                "otherwise: the gateway's Python service asks image (of CloudOne and of CloudTwo at once), then of CloudTwo",
            ),
        ],
    )
    def test_both_operators_are_told_in_words(
        self, scope: str, route: str, desk: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["--config", "mesh.yaml", "--at", "CloudOne", "--scope", scope, "GET", "/image/v2/images"]
        assert main(["explain", *words]) == 0
        assert f"route   {route}\n" in capsys.readouterr().out

    def test_each_of_several_clouds_has_its_turn(self, told: Explain, capsys: pytest.CaptureFixture[str], desk: Path) -> None:
        request = ["--scope", '{"compute": "CloudOne | CloudTwo", "network": "CloudOne"}', "POST", "/compute/v2.1/servers"]
        answer = told(*request)
        assert [(turn["clouds"], turn["route"]) for turn in answer["turns"]] == [
            (["CloudOne"], "local"),
            (["CloudTwo"], "refuse"),
        ]
        assert main(["explain", "--config", "mesh.yaml", "--at", "CloudOne", *request]) == 0
        assert "        CloudTwo: refused: 409 Conflict: gateway of CloudOne: compute of CloudTwo" in capsys.readouterr().out

    def test_a_body_is_read(self, told: Explain, desk: Path) -> None:
        boot = ["--scope", '{"network": "CloudTwo"}', "POST", "/compute/v2.1/servers"]
        assert told(*boot)["status"] == 409
        (desk / "boot.json").write_text('{"server": {"networks": "none"}}')
        assert told("--body", "boot.json", *boot)["route"] == "local"

    def test_a_token_in_the_body_is_one_of_an_authentication_alone(self, told: Explain, desk: Path) -> None:
        token = 't!SCOPE!{"identity":"CloudTwo"}'
        (desk / "login.json").write_text(json.dumps({"auth": {"identity": {"token": {"id": token}}}}))
        assert told("--body", "login.json", "POST", "/identity/v3/auth/tokens")["clouds"] == ["CloudTwo"]
        assert told("--body", "login.json", "POST", "/identity/v3/users")["clouds"] == ["CloudOne"]

    def test_a_remembered_scope_is_followed_with_the_tokens_and_ids_that_are_given(self, told: Explain, desk: Path) -> None:
        hop = ["--remembered", '{"network": "CloudTwo"}']
        refused = told(*hop, "GET", "/networking/v2.0/ports")
        assert (refused["status"], "would go to network of CloudTwo" in refused["reason"]) == (403, True)
        (desk / "shared.yaml").write_text(f"{EXAMPLE}\nshared: [{{service: network, clouds: [CloudOne, CloudTwo]}}]\n")
        assert told(*hop, "GET", "/networking/v2.0/ports", config="shared.yaml")["clouds"] == ["CloudTwo"]
        plain = "X-OpenStack-Request-Id: req-00000000-0000-4000-8000-000000000000"
        assert told(*hop, "--header", plain, "GET", "/networking/v2.0/ports")["clouds"] == ["CloudOne"]

    def test_a_method_may_be_written_small(self, told: Explain) -> None:
        assert told("delete", "/image/v2/images/1")["route"] == "local"

    def test_a_url_without_a_path_is_the_root(self, told: Explain) -> None:
        answer = told("--scope", '{"image": "CloudTwo"}', "GET", "http://10.0.2.10:9292?a=b", at="CloudTwo")
        assert (answer["service"], answer["route"]) == ("image", "local")

    def test_the_host_is_that_of_a_header_at_a_shared_socket(self, told: Explain, desk: Path) -> None:
        services = "".join(
            f"{name}: {{frontend: 'https://{name}.one.test', backend: 'http://10.0.1.9:{port}'}}, "
            for name, port in (("image", 1), ("compute", 2))
        )
        tls = "tls: {certificate: /c, authority: /a}"
        (desk / "hosts.yaml").write_text(
            f"mesh: 1\nclouds: {{CloudOne: {{gateway: {{bind: '*', {tls}}}, services: {{{services}}}}}}}\n"
        )
        ask = ("GET", "https://image.one.test/v2")
        assert told(*ask, config="hosts.yaml")["service"] == "image"
        assert told("--header", "Host: Compute.One.Test:443", *ask, config="hosts.yaml")["service"] == "compute"
        other = told("--header", "Host: x.test", *ask, config="hosts.yaml")
        assert (other["route"], other["status"], other["service"]) == ("refuse", 421, None)
        assert "accepted in Host are: compute.one.test, image.one.test" in other["reason"]
        assert told("--header", "Host: x.test", "GET", "/image")["service"] == "image"

    def test_a_query_and_the_case_of_a_host_change_nothing(self, told: Explain, desk: Path) -> None:
        (desk / "named.yaml").write_text(EXAMPLE.replace("10.0.1.10", "gw.one"))
        answer = told("GET", "http://GW.One:80/image/v2?a=/b?c", config="named.yaml")
        assert answer["urls"] == ["http://10.0.1.22:9292/v2?a=/b?c"]


def test_the_certificates_of_targets_are_named(told: Explain, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tls, ask = "tls: {certificate: /c, authority: /mesh.pem}", ("GET", "https://one.test/image/v2")
    backend = "{url: 'https://10.0.1.9:1', authority: /in.pem, name: image.in.test}"
    (desk / "tls.yaml").write_text(
        f"mesh: 1\nclouds:\n  CloudOne:\n    gateway: {{{tls}}}\n    services:\n"
        f"      image: {{frontend: 'https://one.test/image', backend: {backend}}}\n"
        "      identity: {frontend: 'https://one.test/identity', backend: 'http://10.0.1.9:2'}\n"
        "  CloudTwo: {services: {image: {frontend: 'https://two.test/image'}}}\n"
    )
    assert told(*ask, config="tls.yaml")["verified"] == ["a certificate for image.in.test, signed by /in.pem"]
    there = told("--scope", "image=CloudTwo", *ask, config="tls.yaml")
    assert there["verified"] == ["a certificate for CloudTwo, signed by /mesh.pem"]
    assert "verified" not in told("GET", "https://one.test/identity/v3", config="tls.yaml")
    assert main(["explain", "--config", "tls.yaml", "--at", "CloudOne", *ask]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "verify  a certificate for image.in.test, signed by /in.pem"


def test_a_frontend_of_https_is_named_by_its_scheme(told: Explain, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tls = "gateway: {tls: {certificate: /c, authority: /a}}"
    secure = EXAMPLE.replace("http://10.0.1.10", "https://10.0.1.10").replace("\n  CloudOne:\n", f"\n  CloudOne:\n    {tls}\n")
    (desk / "secure.yaml").write_text(secure)
    answer = told("GET", "https://10.0.1.10/image/v2", config="secure.yaml")
    assert answer["urls"] == told("GET", "http://10.0.1.10/image/v2")["urls"]
    with pytest.raises(SystemExit):
        main(["explain", "--config", "secure.yaml", "--at", "CloudOne", "GET", "http://10.0.1.10/image/v2"])
    assert "has no frontend http://10.0.1.10:80; it has: https://10.0.1.10:443" in capsys.readouterr().err


class TestTheTable:
    @pytest.mark.parametrize(
        ("words", "lines"),
        [
            (["--scope", '{"*": "CloudTwo", "image": "CloudOne"}'], ["CloudTwo (*)", "CloudOne (named)", "CloudTwo (*)"]),
            (["--scope", '{"image": "CloudTwo"}'], ["CloudOne (home)", "CloudTwo (named)", "CloudOne (home)"]),
            (["--scope", '{"compute": "CloudTwo"}'], ["CloudOne (home)", "CloudOne (home)", "CloudTwo (follows compute)"]),
            (
                ["--scope", '{"compute": "CloudTwo", "placement": "CloudOne"}'],
                ["CloudOne (home)", "CloudOne (home)", "CloudOne (named)"],
            ),
            ([], ["CloudOne (home)", "CloudOne (home)", "CloudOne (home)"]),
            (["--scope", "{"], []),
        ],
    )
    def test_each_service_says_why(
        self, words: list[str], lines: list[str], desk: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["explain", "--config", "mesh.yaml", "--at", "CloudOne", *words, "GET", "/image/v2/images"]) == 0
        out = capsys.readouterr().out
        assert re.findall(r" (?:identity|image|placement) +(.+)", out.partition("\n")[2].partition("\nroute")[0]) == lines
        assert (
            lines or "\nscope   not known: the request is refused before\nroute   refuse: 400 Bad Request\nreason  gateway" in out
        )

    def test_a_cloud_that_lacks_a_service_and_a_url_that_is_none(self, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
        ask = ["explain", "--config", f"three{PACKED}", "--at", "CloudOne", "GET"]
        assert main([*ask, "http://127.0.0.1:10000/image", "--scope", '{"*": "Cloud-3.b"}']) == 0
        assert re.search(r"^scope +block-storage +Cloud-3\.b, which has none \(\*\)$", capsys.readouterr().out, re.MULTILINE)
        assert main([*ask, "http://127.0.0.1:10000/imagefoo"]) == 0
        assert capsys.readouterr().out.startswith("service none has this URL\n")


@pytest.mark.parametrize(
    ("words", "place", "scope", "carets"),
    [
        (["--scope", "CloudOne~CloudTwo", "GET", "/image"], "X-Scope, column 9", "CloudOne~CloudTwo", " " * 8 + "^"),
        (["GET", "/image/scope/image=CloudTow/v2"], "the URL, column 7", "image=CloudTow", " " * 6 + "^" * 8),
        (["--header", 'X-Auth-Token: t!SCOPE!{"image"}', "GET", "/image"], "X-Auth-Token, column 9", '{"image"}', " " * 8 + "^"),
    ],
)
def test_a_malformed_scope_has_its_carets_in_the_table_and_one_line_in_json(
    words: list[str], place: str, scope: str, carets: str, told: Explain, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = told(*words)["reason"]
    assert (reason.startswith(f"gateway of CloudOne: {place}: "), "\n" in reason) == (True, False)
    assert main(["explain", "--config", "mesh.yaml", "--at", "CloudOne", *words]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [f"reason  {reason}", f"        {scope}", f"        {carets}"]


def test_identity_of_an_expression_alone_is_that_of_home(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--config", "mesh.yaml", "--at", "CloudOne", "--scope", "CloudTwo|CloudOne", "GET", "/image"]) == 0
    assert "identity   CloudOne (home)" in capsys.readouterr().out


def test_the_command_imports_no_openstacksdk_lab_or_gateway() -> None:
    source = "import sys; from openstackoid.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    words = ["explain", "--config", "-", "--at", "C", "GET", "/"]
    done = subprocess.run([sys.executable, "-c", source, *words], capture_output=True, text=True, check=True)
    assert "cannot read the mesh description" in done.stderr
    loaded = set(done.stdout.split())
    assert "openstackoid.routing" in loaded
    assert loaded & {"openstack", "keystoneauth1", "requests", "aiohttp", "rich", "asyncio"} == set()
