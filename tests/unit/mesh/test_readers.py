# SPDX-License-Identifier: Apache-2.0
"""The file of reader accounts: its values, and errors without a quote."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from openstackoid.mesh import Account, MeshError, ReadersError, load_readers, parse_mesh

MESH = """
mesh: 1
clouds:
  CloudOne:
    gateway: {{readers: {file}}}
    services:
      identity: {{frontend: "http://one/identity", backend: "http://127.0.0.1:1"}}
  CloudTwo:
    gateway: {{readers: /elsewhere}}
    services:
      identity: {{frontend: "http://two:5000/v3"}}
  CloudThree:
    services:
      image: {{frontend: "http://three/image"}}
"""
SECRET = "hunter2"
AUTH = {"username": "reader", "password": SECRET, "user_domain_name": "Default", "system_scope": "all"}
APPLICATION = {"application_credential_id": "abc", "application_credential_secret": SECRET}


def load(file: Path, content: object, mode: int = 0o600) -> Mapping[str, Account]:
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    file.chmod(mode)
    return load_readers(parse_mesh(MESH.format(file=file)), "CloudOne")


def entry(auth: object = AUTH, peer: str = "CloudTwo", **more: object) -> dict[str, Any]:
    return {"clouds": {peer: {"auth": auth, **more}}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readers.yaml"


def test_a_cloud_without_a_file_has_no_reader_account() -> None:
    assert load_readers(parse_mesh(MESH.format(file="/nowhere")), "CloudThree") == {}


def test_an_account_logs_in_at_the_peers_frontend(file: Path) -> None:
    accounts = load(file, entry())
    assert list(accounts) == ["CloudTwo"]
    assert accounts["CloudTwo"].auth_url == "http://two:5000/v3"
    assert accounts["CloudTwo"].plugin == "v3password"
    assert accounts["CloudTwo"].options == AUTH
    assert SECRET not in repr(accounts)


@pytest.mark.parametrize("url", ["https://two.example/identity", "https://two.example/identity/v3/"])
def test_or_where_the_file_says(file: Path, url: str) -> None:
    account = load(file, entry({**AUTH, "auth_url": url}))["CloudTwo"]
    assert account.auth_url == "https://two.example/identity/v3"
    assert "auth_url" not in account.options


@pytest.mark.parametrize("url", ["http://two:5000/v3", "https://two:5000/v3"])
def test_with_tls_a_password_is_sent_over_https_alone(file: Path, url: str) -> None:
    file.write_text(yaml.safe_dump(entry({**AUTH, "auth_url": url})))
    file.chmod(0o600)
    text = MESH.format(file=file).replace("gateway: {readers", "gateway: {tls: {certificate: /c, authority: /a}, readers", 1)
    if url.startswith("https:"):
        assert load_readers(parse_mesh(text), "CloudOne")["CloudTwo"].auth_url == url
        return
    with pytest.raises(ReadersError) as refused:
        load_readers(parse_mesh(text), "CloudOne")
    assert str(refused.value) == (
        f"{file}: clouds.CloudTwo.auth.auth_url: the gateway of CloudOne has TLS; an https:// URL is accepted"
    )


@pytest.mark.parametrize("more", [{}, {"auth_type": "v3applicationcredential", "region_name": "Two", "interface": "public"}])
def test_an_application_credential_as_horizon_writes_it(file: Path, more: dict[str, Any]) -> None:
    account = load(file, entry(APPLICATION, identity_api_version=3, **more))["CloudTwo"]
    assert account.plugin == "v3applicationcredential"
    assert account.options == APPLICATION


def test_an_account_of_a_project(file: Path) -> None:
    auth = {"user_id": "u", "password": SECRET, "project_id": "p"}
    assert load(file, entry(auth, auth_type="password"))["CloudTwo"].options == auth


def test_no_entry_is_no_account(file: Path) -> None:
    assert load(file, "clouds: {}") == {}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_look_into_is_refused(file: Path, mode: int) -> None:
    with pytest.raises(ReadersError) as refused:
        load(file, entry(), mode)
    assert str(refused.value) == f"{file}: others can look into this file of passwords; chmod 600 {file}"


def test_a_missing_file_and_a_folder_are_named(file: Path) -> None:
    mesh = parse_mesh(MESH.format(file=file))
    with pytest.raises(ReadersError, match=r"readers\.yaml: cannot read the reader accounts: No such file or directory"):
        load_readers(mesh, "CloudOne")
    file.mkdir(0o700)
    with pytest.raises(ReadersError, match="Is a directory"):
        load_readers(mesh, "CloudOne")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"clouds: {{CloudTwo: {{auth: {{password: *{SECRET}}}}}}}", ": not YAML"),
        (f"clouds: [{SECRET}", "not YAML"),
        (f"clouds: !{SECRET} x", "not YAML"),
        ("clouds: 2026-99-99", "not YAML"),
        (f"clouds: !!bool {SECRET}", "not YAML"),
        ("\x00", "not YAML"),
        ("[" * 1500, "not YAML"),
        ("", "the document: a mapping of keys to values is accepted"),
        ("cloud: {}", "the document: 'cloud' is unknown; accepted: clouds"),
        ("clouds:", "clouds: a mapping of keys to values is accepted"),
        (entry(peer="CloudTen"), "no cloud of the mesh; accepted are its peers: CloudThree, CloudTwo"),
        (entry(peer="CloudOne"), "names this gateway's own cloud, CloudOne; accepted are its peers: CloudThree, CloudTwo"),
        (entry(peer="CloudThree"), "clouds.CloudThree: CloudThree has no service 'identity' in the mesh"),
        ({"clouds": {"CloudTwo": {**AUTH}}}, "clouds.CloudTwo: 'password' is unknown; accepted: auth, auth_type, region_name"),
        (entry(SECRET), "clouds.CloudTwo.auth: a mapping"),
        (entry({**AUTH, f"a:{SECRET}": None}), "clouds.CloudTwo.auth: its key number 1 is unknown; accepted: auth_url, user_id"),
        (entry({**AUTH, "trust_id": "t"}), "clouds.CloudTwo.auth: 'trust_id' is unknown"),
        (entry({**AUTH, "password": 12345}), "clouds.CloudTwo.auth.password: a text is accepted; put a number into quotes"),
        (entry({**AUTH, "password": ""}), "clouds.CloudTwo.auth.password: a text"),
        (entry(AUTH, auth_type="token"), "clouds.CloudTwo.auth_type: accepted: password, v3password, v3applicationcredential"),
        (entry(AUTH, auth_type=[]), "clouds.CloudTwo.auth_type: accepted"),
        *(
            (entry({**AUTH, "auth_url": url}), "clouds.CloudTwo.auth.auth_url: an http:// or https:// URL is accepted")
            for url in ("two", "https://two:port/v3", "https://two:99999/v3", "https://user:secret@two/v3", "https://[::/v3")
        ),
        (entry({key: AUTH[key] for key in AUTH if key != "password"}), "clouds.CloudTwo.auth: password is missing"),
        (entry({key: AUTH[key] for key in AUTH if key != "user_domain_name"}), "username is needed, with user_domain_name"),
        (entry({key: AUTH[key] for key in AUTH if key != "system_scope"}), "'system_scope: all' is needed, or a project"),
        (entry({**AUTH, "project_id": "p"}), "'system_scope: all' is needed, or a project, not both"),
        (entry({**AUTH, "system_scope": "some"}), "system_scope: 'all' is accepted"),
        (entry({"application_credential_id": "abc"}), "application_credential_secret is missing"),
        (entry({**APPLICATION, "password": SECRET}), "clouds.CloudTwo.auth: 'password' is unknown"),
        (entry({"application_credential_name": "n", "application_credential_secret": SECRET}), "and the user"),
    ],
)
def test_an_error_is_one_line_without_a_quote(file: Path, content: object, words: str) -> None:
    with pytest.raises(ReadersError) as refused:
        load(file, content)
    message = str(refused.value)
    assert message.startswith(str(file))
    assert words in message
    assert "\n" not in message
    assert SECRET not in message
    assert "12345" not in message


def test_bytes_that_are_no_text(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\xff")
    file.chmod(0o600)
    with pytest.raises(ReadersError, match="not UTF-8 text"):
        load_readers(parse_mesh(MESH.format(file=file)), "CloudOne")


def test_the_mesh_names_the_file_by_an_absolute_path() -> None:
    with pytest.raises(MeshError, match=r"clouds\.CloudOne\.gateway\.readers: 'readers\.yaml': an absolute path is accepted"):
        parse_mesh(MESH.format(file="readers.yaml"))


def test_a_key_that_stands_twice_is_refused_without_quoting_it(file: Path) -> None:
    with pytest.raises(ReadersError) as refused:
        load(file, f"clouds:\n  CloudTwo: {{auth: {{'password:{SECRET}': x, 'password:{SECRET}': y}}}}\n")
    assert str(refused.value) == f"{file}:2:44: a key is there twice; name it once"
