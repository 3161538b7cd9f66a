# SPDX-License-Identifier: Apache-2.0
"""``openstackoid doctor`` names each fault, with what to do."""

import json
import re
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.cli import main
from openstackoid.discovery.catalog import LISTING
from openstackoid.mesh import load_mesh, mesh_digest
from unit.gateway.running import Gateway, free_port, service, serving

MESH = """\
mesh: 1
clouds:
  CloudOne:
    gateway: {{unbound_tokens: true}}
    services:
      image: {{frontend: "http://127.0.0.1:{here}/image", backend: "http://127.0.0.1:{backend}"}}
  CloudTwo:
    services:
      image: {{frontend: "http://{host}:{there}/image"}}
"""


class Page(BaseHTTPRequestHandler):
    """A gateway of CloudTwo, with another description, and a clock that is wrong."""

    def do_GET(self) -> None:
        clouds = [{"name": "CloudOne", "health": "down"}]
        body = json.dumps({"gateway": "CloudTwo", "clouds": clouds, "description": "other"}).encode()
        self.send_response_only(200)
        self.send_header("Date", "Sun, 29 Nov 2020 20:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def page() -> Iterator[int]:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Page)) as port:
        yield port


def doctor(path: Path, text: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    path.write_text(text)
    code = main(["doctor", "--cloud", "CloudOne", "--config", str(path), *more])
    said = capsys.readouterr().out
    # No fault without a remedy.
    found = re.split(r"^(?=OK: |FAILED: |WARNING: )", said, flags=re.MULTILINE)
    assert [one for one in found if one.startswith(("FAILED", "WARNING")) != ("\n  do: " in one)] == []
    return code, said


def test_each_fault_of_a_peer_is_named_with_what_to_do(tmp_path: Path, page: int, capsys: pytest.CaptureFixture[str]) -> None:
    text = MESH.format(here=1, backend=2, host="127.0.0.1", there=page)
    code, said = doctor(tmp_path / "mesh.yaml", text, capsys)
    assert code == 1
    assert f"OK: the gateway of CloudTwo answers at http://127.0.0.1:{page}\n" in said
    assert "FAILED: CloudTwo has another description of the clouds\n  do: agree on one description with its operator: " in said
    assert "s behind this machine's\n  do: tell its operator; with one peer alone, compare both clocks with NTP\n" in said
    assert "FAILED: CloudTwo cannot reach the gateway of CloudOne\n  do: its operator types: openstackoid peer check" in said
    assert said.endswith(f"NOT CHECKED: the catalog against the description; --catalog FILE names the output of: {LISTING}\n")
    assert "catalog" not in said.partition("NOT CHECKED")[0]


def test_a_name_without_an_address_and_a_dead_peer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = MESH.format(here=1, backend=2, host="nowhere.invalid", there=9)
    code, said = doctor(tmp_path / "mesh.yaml", text, capsys)
    assert code == 1
    assert "OK: CloudOne: 127.0.0.1: known\n" in said
    assert "FAILED: CloudTwo: nowhere.invalid has no address\n  do: correct the frontend's host, or add it to DNS\n" in said
    unreached = "FAILED: the gateway of CloudTwo at http://nowhere.invalid:9: it cannot be reached: "
    assert re.search(f"{unreached}.+\n  do: correct the frontend's host, or add it to DNS\n", said)
    said = doctor(tmp_path / "mesh.yaml", text.replace("nowhere.invalid", "127.0.0.1"), capsys)[1]
    assert "FAILED: the gateway of CloudTwo at http://127.0.0.1:9: it cannot be reached: connection refused\n" in said


def test_another_program_in_place_of_a_gateway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)) as other:
        code, said = doctor(tmp_path / "mesh.yaml", MESH.format(here=1, backend=2, host="127.0.0.1", there=other), capsys)
    what = f"what answers at http://127.0.0.1:{other} is not the gateway of CloudTwo: a health page is expected, and 200"
    assert (code, f"FAILED: {what}\n  do: correct its frontend\n" in said) == (1, True)


def test_a_broken_description_is_the_first_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = doctor(tmp_path / "mesh.yaml", "mesh: 2\n", capsys)
    assert (code, said.startswith("FAILED: "), "  do: correct the line that openstackoid gateway check names" in said) == (
        1,
        True,
        True,
    )


def test_options_that_lead_to_no_description_of_the_cloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = MESH.format(here=1, backend=2, host="127.0.0.1", there=9)
    assert doctor(tmp_path / "mesh.yaml", text, capsys, "--cloud", "CloudNine") == (
        1,
        "FAILED: --cloud CloudNine: the mesh has no such cloud; known: CloudOne, CloudTwo\n"
        "  do: name a cloud of the description with --cloud, or another description with --config\n",
    )
    (tmp_path / "empty").mkdir()
    for name in ("nowhere.yaml", "empty"):
        code, said = doctor(tmp_path / "mesh.yaml", text, capsys, "--config", str(tmp_path / name))
        assert code == 1
        assert said.startswith(f"FAILED: {tmp_path}/{name}: ")
        accepted = "a file that this user can read, or a folder with files that end in .yaml"
        assert said.endswith(f"\n  do: name the description with --config: {accepted}\n")


def test_http_beyond_loopback_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        MESH.format(here=80, backend=2, host="127.0.0.1", there=9).replace("127.0.0.1:80", "10.0.1.10:80").split("  CloudTwo")[0]
    )
    code, said = doctor(tmp_path / "mesh.yaml", text, capsys)
    warning = "WARNING: http://10.0.1.10:80 is http, and not on loopback: tokens travel unprotected\n"
    assert (code, f"{warning}  do: give it https (docs/operate/tls.md), or leave it, on an internal network" in said) == (0, True)


def test_certificates_here_and_there_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "certificates"
    authority = make_authority(folder)
    certificate = issue(folder, "CloudOne", ["127.0.0.1"], 10)
    make_authority(folder / "other")
    issue(folder / "other", "CloudTwo", ["127.0.0.1"], 100)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "other/CloudTwo.pem")
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server) as port:
        text = MESH.format(here=1, backend=2, host="127.0.0.1", there=port).replace('frontend: "http:', 'frontend: "https:')
        text = text.replace("unbound_tokens: true", f"tls: {{certificate: {certificate}, authority: {authority}}}")
        code, said = doctor(tmp_path / "mesh.yaml", text, capsys)
        assert code == 1
        assert "OK: the certificate of CloudOne is valid until" in said
        assert f"FAILED: {certificate}: the certificate of CloudOne ends in 9 days\n  do: " in said
        assert f"FAILED: the gateway of CloudTwo at https://127.0.0.1:{port}: its certificate is not signed" in said
        users = text.replace("authority: ", f"users: {certificate}, authority: ")
        said = doctor(tmp_path / "mesh.yaml", users, capsys)[1]
        assert f"FAILED: {certificate}: it names CloudOne; peers ask for the mesh's certificate by that name\n  do: issue" in said
        certificate.write_text("-----BEGIN CERTIFICATE-----\n")
        code, said = doctor(tmp_path / "mesh.yaml", text, capsys)
        assert code == 1
        assert f"FAILED: {certificate}" in said


KNOWN = "OK: the catalog of CloudOne has the described endpoints\n"
WITH_ADMIN = """\
mesh: 1
clouds:
  CloudOne:
    services:
      identity:
        frontend: {public: "http://10.0.1.10:5000", admin: "http://127.0.0.1:61314"}
        backend: http://127.0.0.1:2
      image: {frontend: "http://10.0.1.10/image", backend: "http://127.0.0.1:3"}
"""
KEYSTONE = ("identity", "public", "http://10.0.1.10:5000/v3", "CloudOne")
GLANCE = ("image", "public", "http://10.0.1.10/image", "CloudOne")


def compared(folder: Path, capsys: pytest.CaptureFixture[str], text: str, *rows: tuple[str, ...]) -> tuple[int, str]:
    """Return the exit code, and the lines about the catalog."""
    columns = ("Service Type", "Interface", "URL", "Region")
    (folder / "catalog.json").write_text(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]))
    code, said = doctor(folder / "mesh.yaml", text, capsys, "--catalog", str(folder / "catalog.json"))
    return code, said.rpartition("tokens travel unprotected\n")[2].partition("\n")[2]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([KEYSTONE, GLANCE], KNOWN),
        ([KEYSTONE, GLANCE, ("image", "internal", "http://10.0.1.10/image", "CloudOne")], KNOWN),
        ([KEYSTONE, GLANCE, ("image", "public", "http://10.0.9.9/image", "Elsewhere")], KNOWN),
        (
            [KEYSTONE, ("image", "public", "http://10.0.1.10/glance", "CloudOne")],
            "FAILED: image (public) is http://10.0.1.10/glance in the catalog, and http://10.0.1.10:80/image in the description\n"
            "  do: make them the same\n",
        ),
        (
            [KEYSTONE, GLANCE, ("compute", "public", "http://a/b", "CloudOne")],
            "FAILED: compute (public) of the catalog, http://a/b, is not described\n  do: openstackoid discover\n",
        ),
        (
            [KEYSTONE],
            f"FAILED: image (public, internal, admin) is described, and not in the catalog\n  do: compare: {LISTING}\n",
        ),
        (
            [(*GLANCE[:3], "RegionOne"), (*KEYSTONE[:3], "RegionOne")],
            "FAILED: the catalog has no region CloudOne, as the description has for CloudOne; it has RegionOne\n"
            "  do: set clouds.CloudOne.region to the cloud's region in the catalog\n",
        ),
    ],
)
def test_the_catalog_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[tuple[str, ...]], expected: str
) -> None:
    assert compared(tmp_path, capsys, WITH_ADMIN, *rows) == (int(expected != KNOWN), expected)


def test_horizon_is_in_no_catalog(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f'{WITH_ADMIN}      dashboard: {{frontend: {{public: "http://10.0.1.10:81"}}, backend: "http://127.0.0.1:4"}}\n'
    code, said = compared(tmp_path, capsys, text, KEYSTONE, GLANCE)
    warning = (
        "WARNING: dashboard (public) is described, and not in the catalog\n  do: nothing, if it is Horizon or a console; else"
    )
    assert (code, said) == (0, f"{warning} compare: {LISTING}\n{KNOWN}")


def test_a_gateway_that_runs_tells_its_description_and_its_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with service() as backend:
        gateway = Gateway(tmp_path, free_port(), backend)
        gateway.start()
        try:
            status, body = gateway.get("/.openstackoid/mesh")
            assert (status, json.loads(body)["description"]) == (200, mesh_digest(load_mesh(gateway.config)))
            peer = "http://127.0.0.1:9/image"
            here = gateway.config.read_text().replace(peer, f'{peer}", backend: "http://127.0.0.1:{backend}')
            (tmp_path / "two.yaml").write_text(
                here.replace("  CloudTwo:\n", "  CloudTwo:\n    gateway: {unbound_tokens: true}\n")
            )
            assert main(["doctor", "--cloud", "CloudTwo", "--config", str(tmp_path / "two.yaml")]) == 1
        finally:
            gateway.stop()
    said = capsys.readouterr().out
    assert "OK: CloudOne has the same description of the clouds\n" in said
    assert "OK: the clock of CloudOne differs by at most 5 s\n" in said
    assert "FAILED: CloudOne cannot reach the gateway of CloudTwo\n" in said
