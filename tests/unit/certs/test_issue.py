# SPDX-License-Identifier: Apache-2.0
"""The certificate of a gateway: one private file that OpenSSL accepts for peers and users."""

import stat
import subprocess
from pathlib import Path

import pytest

from openstackoid.certs import CertsError, issue, make_authority, read_facts


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    make_authority(tmp_path)
    return tmp_path


@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
@pytest.mark.parametrize(
    "name", ["-verify_hostname CloudOne", "-verify_hostname gw.one", "-verify_ip 127.0.0.1", "-verify_ip ::1"]
)
def test_a_certificate_is_valid_for_the_cloud_and_its_hosts_as_server_and_client(
    directory: Path, purpose: str, name: str
) -> None:
    path = issue(directory, "CloudOne", ["127.0.0.1", "gw.one", "[::1]"])
    options = ["-x509_strict", "-purpose", purpose, "-CAfile", str(directory / "authority.pem"), *name.split()]
    command = ["openssl", "verify", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_file_holds_certificate_and_key_for_its_owner_alone(directory: Path) -> None:
    path = issue(directory, "CloudOne")
    assert path == directory / "CloudOne.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.startswith("-----BEGIN CERTIFICATE-----")
    assert text.count("-----BEGIN PRIVATE KEY-----") == 1


def test_a_key_is_replaced_only_when_that_is_asked_for(directory: Path) -> None:
    path = issue(directory, "CloudOne")
    before = path.read_bytes()
    with pytest.raises(CertsError, match=r"CloudOne\.pem exists already and is not overwritten") as caught:
        issue(directory, "CloudOne")
    assert caught.value.hint == "--renew replaces certificate and key"
    assert path.read_bytes() == before
    issue(directory, "CloudOne", renew=True)
    assert path.read_bytes() != before


@pytest.mark.parametrize(
    ("cloud", "message"),
    [
        ("authority", "'authority' cannot be the name of a cloud"),
        ("../CloudOne", "cannot be the name of a cloud"),
        ("10.0.1.10", "'10.0.1.10' is an address"),
        ("Cloud..One", "is neither a host name nor an address"),
        ("Cloud.", "is neither a host name nor an address"),
        ("x" * 64, "is neither a host name nor an address"),
    ],
)
def test_names_that_no_certificate_can_have_are_refused(directory: Path, cloud: str, message: str) -> None:
    with pytest.raises(CertsError, match=message):
        issue(directory, cloud, renew=True)
    assert {path.name for path in directory.iterdir()} == {"authority.pem", "authority.key"}


@pytest.mark.parametrize("host", ["*.one", "", "gw one", "https://gw.one", "gw.one:443"])
def test_hosts_that_are_none_are_refused(directory: Path, host: str) -> None:
    with pytest.raises(CertsError, match="is neither a host name nor an address"):
        issue(directory, "CloudOne", [host])


def test_a_certificate_does_not_outlive_the_authority(tmp_path: Path) -> None:
    make_authority(tmp_path, 30)
    with pytest.raises(CertsError, match="the authority ends in 29 days; a certificate of 29 days at most is accepted"):
        issue(tmp_path, "CloudOne", days=31)


def test_without_an_authority_there_is_no_certificate(tmp_path: Path) -> None:
    with pytest.raises(CertsError, match="there is no authority here") as caught:
        issue(tmp_path, "CloudOne")
    assert caught.value.hint == f"openstackoid certs authority --directory {tmp_path}"


def test_a_host_that_is_named_twice_stands_once(directory: Path) -> None:
    facts = read_facts(issue(directory, "CloudOne", ["CloudOne", "gw.one", "gw.one"]))
    assert facts[0].names == ("CloudOne", "gw.one")
