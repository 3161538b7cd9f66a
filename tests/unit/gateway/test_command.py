# SPDX-License-Identifier: Apache-2.0
"""``openstackoid gateway render`` and ``check`` as they are typed."""

import shlex
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.cli import main
from openstackoid.haproxy import binary
from openstackoid.haproxy.binary import default_choice
from openstackoid.haproxy.libraries import LAB
from unit.gateway.running import description, with_settings


def leaving(services: str) -> str:
    """Return the warning about tokens that leave; ``services``: where those of services go."""
    return (
        f"tokens of the users of CloudOne go to CloudTwo, tokens of its services to {services}; the operators of these"
        " clouds can use them in CloudOne ('Which tokens leave a cloud' in docs/operate/security.md)"
    )


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundled HAProxy without its warning."""
    monkeypatch.setenv(LAB, "1")


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    path = tmp_path / "mesh.yaml"
    path.write_text(description(8801, 9001))
    return path


def test_the_command_imports_no_http_library_or_database() -> None:
    source = "import sys, openstackoid.cli.gateway; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout.split())
    assert "openstackoid.gateway.supervisor" in loaded
    assert loaded & {"aiohttp", "requests", "rich", "sqlalchemy"} == set()


def test_render_shows_every_file(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    assert main(["gateway", "render", "--cloud", "CloudOne", "--config", str(mesh), "--state-dir", str(state)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# ===== haproxy.cfg =====\n")
    assert "\n# ===== endpoints.map =====\n" in shown
    assert f"server bridge unix@{shlex.quote(str(state / 'bridge.sock'))}" in shown
    assert not state.exists()


def test_render_writes_files_that_check_accepts(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "gateway"
    assert main(["gateway", "render", "--cloud", "CloudOne", "--config", str(mesh), "--output", str(output)]) == 0
    names = sorted(path.name for path in output.iterdir())
    assert "haproxy.cfg" in names
    assert capsys.readouterr().out == f"{len(names)} files written to {output}\n"
    assert {stat.S_IMODE(path.stat().st_mode) for path in output.iterdir()} == {0o600}
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 0
    checked = capsys.readouterr()
    assert checked.out.startswith("OK: HAProxy 2.")
    assert checked.out.endswith(" accepts the gateway of CloudOne\n")
    assert (checked.out.count("\n"), checked.err.splitlines()) == (1, [leaving("no other cloud")])


def test_check_warns_of_the_bundled_haproxy_outside_the_lab(
    mesh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(LAB)
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 0
    warning, other = capsys.readouterr().err.splitlines()
    assert "came with the package and is for the lab" in warning
    assert warning.endswith("Run a gateway with your distribution's: --haproxy system")
    assert other == leaving("no other cloud")


def test_without_the_wheel_the_haproxy_of_the_system_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_choice() == "bundled"
    monkeypatch.setattr(binary, "find_spec", lambda _: None)
    assert default_choice() == "system"


def test_check_names_the_clouds_for_which_tokens_leave(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group = "shared: [{service: image, clouds: [CloudOne, CloudTwo]}]\nclouds:\n"
    mesh.write_text(mesh.read_text().replace("clouds:\n", group))
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 0
    assert capsys.readouterr().err.splitlines() == [leaving("CloudTwo")]
    page = Path(__file__).parents[3] / "docs" / "operate" / "security.md"
    assert "\n## Which tokens leave a cloud\n" in page.read_text(encoding="utf-8"), "where the warning says"


def test_check_warns_of_no_tokens_where_there_is_no_other_cloud(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mesh.write_text(mesh.read_text().split("  CloudTwo:")[0])
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", ["render", "check"])
def test_a_cloud_that_is_not_there(command: str, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", command, "--cloud", "CloudSix", "--config", str(mesh)]) == 1
    assert capsys.readouterr().err == "openstackoid: the mesh has no cloud 'CloudSix'; known: CloudOne, CloudTwo\n"


@pytest.mark.parametrize("settings", ["", "bind: gateway.invalid"])
def test_a_host_without_an_address_is_named_with_its_place(settings: str, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """HAProxy would name a line of a file of its own."""
    text = mesh.read_text()
    text = with_settings(text, settings) if settings else text.replace("http://127.0.0.1:8801", "http://gateway.invalid:8801")
    mesh.write_text(text)
    place = "gateway.bind" if settings else "services.identity.frontend.public"
    at = text.index("gateway.invalid") - (0 if settings else len("http://") + 1)
    spot = f"{text[:at].count(chr(10)) + 1}:{at - text.rfind(chr(10), 0, at)}"
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == (
        f"openstackoid: {mesh}:{spot}: clouds.CloudOne.{place}: the gateway of CloudOne cannot listen on gateway.invalid:8801:"
        " no address is known for this name"
    )
    assert said[-1] == "  try: name an address of this machine in clouds.<name>.gateway.bind"


def test_an_endpoint_without_a_backend(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", "check", "--cloud", "CloudTwo", "--config", str(mesh)]) == 1
    assert "clouds.CloudTwo.services.image.backend" in capsys.readouterr().err


def test_a_description_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none.yaml"
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(path)]) == 1
    assert capsys.readouterr().err == f"openstackoid: {path}: cannot read the mesh description: No such file or directory\n"


def test_check_looks_into_the_reader_accounts_and_render_does_not(
    mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readers = tmp_path / "readers.yaml"
    mesh.write_text(with_settings(mesh.read_text(), f"readers: {readers}"))
    readers.write_text("clouds: {}")
    readers.chmod(0o644)
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)]) == 1
    assert (
        capsys.readouterr().err == f"openstackoid: {readers}: others can look into this file of passwords; chmod 600 {readers}\n"
    )
    assert main(["gateway", "render", "--cloud", "CloudOne", "--config", str(mesh)]) == 0


def test_haproxys_own_complaint(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strict = tmp_path / "haproxy"
    strict.write_text(
        '#!/bin/sh\n[ "$1" = -v ] && echo "HAProxy version 2.6.0" && exit\necho "[ALERT] (7) : config : no" >&2\nexit 1\n'
    )
    strict.chmod(0o755)
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh), "--haproxy", str(strict)]) == 1
    assert capsys.readouterr().err == "openstackoid: HAProxy refuses the configuration:\n  config : no\n"


class TestCheckOfTls:
    @pytest.fixture
    def secure(self, tmp_path: Path) -> Path:
        authority = make_authority(tmp_path / "certs")
        certificate = issue(tmp_path / "certs", "CloudOne", ["127.0.0.1"], 100)
        text = description(8801, 9001).replace('frontend: "http:', 'frontend: "https:')
        tls = f"{{certificate: {certificate}, authority: {authority}}}"
        path = tmp_path / "mesh.yaml"
        path.write_text(with_settings(text, f"tls: {tls}"))
        return path

    def check(self, mesh: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, list[str]]:
        code = main(["gateway", "check", "--cloud", "CloudOne", "--config", str(mesh)])
        said = capsys.readouterr()
        return code, said.out, said.err.splitlines()

    def test_check_shows_the_end_of_the_certificate(self, secure: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = self.check(secure, capsys)
        ends = datetime.now(UTC) + timedelta(days=100)
        assert (code, err) == (0, []), "tokens leave bound to the peer"
        assert out.splitlines()[1].startswith(f"OK: the certificate of CloudOne is valid until {ends:%Y-%m-%d} ")

    def test_check_warns_of_keys_that_gateways_of_one_cloud_do_not_share(
        self, secure: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        password, keys = secure.parent / "password", secure.parent / "keys"
        password.touch(0o600)
        store = f"store: {{url: 'mysql://openstackoid@127.0.0.1/openstackoid', password: {password}}}"
        text = secure.read_text()
        secure.write_text(with_settings(text, store))
        code, _, (warning,) = self.check(secure, capsys)
        assert (code, "each makes keys of bound tokens of its own" in warning) == (0, True)
        assert main(["keys", "setup", "--directory", str(keys)]) == 0
        shown = capsys.readouterr().out
        secure.write_text(with_settings(text, f"{store}, bound_tokens: {{keys: {keys}}}"))
        code, out, err = self.check(secure, capsys)
        assert (code, err) == (0, [])
        (key,) = [line.split()[2] for line in shown.splitlines() if " primary " in line]
        assert out.splitlines()[1] == f"OK: tokens are bound by the key {key} of {keys}"

    @pytest.mark.parametrize(
        "settings",
        [
            "limits: {source_requests: 100}",
            "trusted_proxies: [10.0.0.1]",
            "trusted_proxies: [10.0.0.1], proxy_protocol: ['127.0.0.1:8801'], limits: {source_requests: 5, exempt: [10.0.0.2]}",
        ],
    )
    def test_haproxy_warns_of_no_setting(self, secure: Path, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
        secure.write_text(with_settings(secure.read_text(), settings))
        code, _, err = self.check(secure, capsys)
        assert (code, err) == (0, [])

    def test_check_warns_before_the_certificate_ends(self, secure: Path, capsys: pytest.CaptureFixture[str]) -> None:
        certificate = issue(secure.parent / "certs", "CloudOne", ["gw.one"], 5, renew=True)
        code, _, err = self.check(secure, capsys)
        assert (code, err) == (
            0,
            [
                f"{certificate}: the certificate of CloudOne ends in 4 days",
                f"{certificate}: it does not name 127.0.0.1, by which users call CloudOne",
            ],
        )

    def test_a_file_of_the_syslog_server_that_cannot_be_read_is_one_line(
        self, secure: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        syslog = "audit: {syslog: {host: logs.example, authority: /no/such.pem}}"
        secure.write_text(with_settings(secure.read_text(), syslog))
        words = "openstackoid: /no/such.pem: cannot be read: No such file or directory"
        assert self.check(secure, capsys) == (1, "", [words])

    def test_a_wrong_certificate_is_one_line(self, secure: Path, capsys: pytest.CaptureFixture[str]) -> None:
        certificate = secure.parent / "certs" / "CloudOne.pem"
        certificate.chmod(0o644)
        assert self.check(secure, capsys) == (
            1,
            "",
            [f"openstackoid: {certificate}: others can look into this file with a key", f"  try: chmod 600 {certificate}"],
        )

    def test_frontends_without_it_are_warned_about(self, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
        mesh.write_text(mesh.read_text().replace("http://127.0.0.1:8801/image", "http://10.0.1.10:8801/image"))
        code, _, err = self.check(mesh, capsys)
        warning = "http://10.0.1.10:8801 is http, and not on loopback: tokens travel unprotected"
        assert (code, err) == (0, [warning, leaving("no other cloud")])

    def test_render_shows_no_key(self, secure: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["gateway", "render", "--cloud", "CloudOne", "--config", str(secure)]) == 0
        shown = capsys.readouterr().out
        assert "PRIVATE KEY" not in shown
        assert f"crt '{secure.parent}/certs/CloudOne.pem'" in shown
