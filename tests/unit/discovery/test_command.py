# SPDX-License-Identifier: Apache-2.0
"""``openstackoid discover`` as it is typed: from a Keystone on the loopback, from a file, from stdin."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from openstackoid.cli import main
from openstackoid.mesh import load_mesh, parse_mesh

PROJECT = "5" * 32
CATALOG = [
    {"type": "image", "name": "glance", "endpoints": [{"interface": "public", "region_id": "North", "url": "http://h:9292"}]},
    {
        "type": "volumev3",
        "name": "cinder",
        "endpoints": [{"interface": "public", "region_id": "North", "url": f"http://h:8776/v3/{PROJECT}"}],
    },
]
LISTING = json.dumps([{"Service Type": "image", "Interface": "public", "URL": "http://h:9292", "Region": "North"}])


class _Keystone(BaseHTTPRequestHandler):
    """The part of Keystone for a login. The right password gets a token with a catalog."""

    def do_GET(self) -> None:
        version = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": f"http://{self.headers['Host']}/v3/"}]}
        self._answer(200, {"version": version})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["auth"]["identity"]["password"]["user"]["password"] != "right":
            self._answer(401, {"error": {"code": 401, "title": "Unauthorized", "message": "The request needs a login."}})
            return
        token: dict[str, object] = {"methods": ["password"], "expires_at": "2999-01-01T00:00:00.000000Z", "user": {"id": "u"}}
        if "scope" in asked["auth"]:
            token |= {"catalog": CATALOG, "project": {"id": PROJECT, "name": "demo", "domain": {"id": "default", "name": "D"}}}
        self._answer(201, {"token": token}, {"X-Subject-Token": "t"})

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def clouds_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", 0), _Keystone)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/v3"
    auth = {"auth_url": url, "username": "demo", "password": "right", "user_domain_name": "D"}
    project = {"project_name": "demo", "project_domain_name": "D"}
    entries = {
        "good": {"auth": {**auth, **project}},
        "forged": {"auth": {**auth, **project, "password": "wrong"}},
        "unscoped": {"auth": auth},
        "closed": {"auth": {**auth, **project, "auth_url": "http://127.0.0.1:9/v3"}},
        "keystoneless": {"auth_type": "none", "auth": {"endpoint": url}},
    }
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    yield
    server.shutdown()
    thread.join()
    server.server_close()


# openstacksdk warns of a feature of its own that is to go, whether it is used or not.
@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
@pytest.mark.usefixtures("clouds_yaml")
class TestFromACloud:
    def test_any_users_catalog_is_enough(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["discover", "--name", "CloudOne", "--os-cloud", "good"]) == 0
        cloud = parse_mesh(capsys.readouterr().out).clouds["CloudOne"]
        assert cloud.region == "North"
        assert [(endpoint.catalog_type, endpoint.frontend.suffix) for endpoint in cloud.endpoints] == [
            ("image", ""),
            ("volumev3", "/v3/$(project_id)s"),
        ]

    @pytest.mark.parametrize(
        ("entry", "reason"),
        [
            ("none", "Cloud none was not found."),
            ("forged", "The request needs a login. (HTTP 401)"),
            ("unscoped", "its token has no catalog; a user with a project is needed"),
            ("closed", "Unable to establish connection to http://127.0.0.1:9/v3"),
            ("keystoneless", "it does not log in to a Keystone, so it has no catalog"),
        ],
    )
    def test_a_cloud_that_gives_none_is_one_line(self, entry: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["discover", "--name", "CloudOne", "--os-cloud", entry]) == 1
        said = capsys.readouterr()
        assert said.err.startswith(f"openstackoid: --os-cloud {entry}: {reason}")
        assert (said.out, said.err.count("\n")) == ("", 1)


class TestFromAListing:
    def test_stdin(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(LISTING))
        assert main(["discover", "--name", "CloudOne", "--endpoints", "-"]) == 0
        assert list(parse_mesh(capsys.readouterr().out).clouds) == ["CloudOne"]

    def test_two_clouds_into_one_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        source, mesh = tmp_path / "endpoints.json", tmp_path / "mesh.yaml"
        source.write_text(LISTING)
        backend = ["discover", "--endpoints", str(source), "--catalog-is", "backend", "--output", str(mesh)]
        assert main([*backend, "--name", "CloudOne", "--frontend", "http://one:8080"]) == 0
        assert main([*backend, "--name", "CloudTwo", "--frontend", "http://two:8080", "--merge", str(mesh)]) == 0
        assert capsys.readouterr().out == f"CloudOne is described in {mesh}\nCloudTwo is described in {mesh}\n"
        assert list(load_mesh(mesh).clouds) == ["CloudOne", "CloudTwo"]
        before = mesh.read_text()
        assert main([*backend, "--name", "CloudThree", "--frontend", "http://three:8080"]) == 1
        assert f"{mesh} exists already and is not overwritten" in capsys.readouterr().err
        assert mesh.read_text() == before

    def test_files_that_cannot_be_read_or_written(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        source = tmp_path / "endpoints.json"
        assert main(["discover", "--name", "CloudOne", "--endpoints", str(source)]) == 1
        assert capsys.readouterr().err == f"openstackoid: cannot read {source}: No such file or directory\n"
        source.write_text(LISTING)
        output = str(tmp_path / "none" / "mesh.yaml")
        assert main(["discover", "--name", "CloudOne", "--endpoints", str(source), "--output", output]) == 1
        assert capsys.readouterr().err == f"openstackoid: cannot write {output}: No such file or directory\n"

    @pytest.mark.parametrize("extra", [["--catalog-is", "backend"], ["--frontend", "http://gw"]])
    def test_options_that_belong_together(self, extra: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as left:
            main(["discover", "--name", "CloudOne", "--endpoints", "-", *extra])
        assert left.value.code == 2
        assert "--catalog-is backend and --frontend URL go together" in capsys.readouterr().err
