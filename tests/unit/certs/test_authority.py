# SPDX-License-Identifier: Apache-2.0
"""The private authority: made once, renewed with its key, and kept to the names that it is for."""

import stat
import subprocess
from pathlib import Path

import pytest

from openstackoid.certs import CertsError, issue, make_authority, read_facts


def verify(authority: Path, certificate: Path) -> str:
    """Have OpenSSL, which HAProxy and Python use, verify a certificate; return its error."""
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", str(authority), str(certificate)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return str(done.stderr)


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    make_authority(tmp_path / "ca")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "ca").iterdir()}
    assert modes == {"authority.pem": 0o644, "authority.key": 0o600}
    assert stat.S_IMODE((tmp_path / "ca").stat().st_mode) == 0o700


def test_an_authority_is_not_overwritten(tmp_path: Path) -> None:
    make_authority(tmp_path)
    before = (tmp_path / "authority.key").read_bytes()
    with pytest.raises(CertsError, match=r"authority\.pem exists already and is not overwritten"):
        make_authority(tmp_path)
    (tmp_path / "authority.pem").unlink()
    with pytest.raises(CertsError, match=r"authority\.key exists already and is not overwritten"):
        make_authority(tmp_path)
    assert (tmp_path / "authority.key").read_bytes() == before


def test_certificates_stay_valid_under_a_renewed_authority(tmp_path: Path) -> None:
    make_authority(tmp_path, 10)
    certificate = issue(tmp_path, "CloudOne", ["gw.one"], 5)
    first = (tmp_path / "authority.pem").read_bytes()
    make_authority(tmp_path, 20, renew=True)
    assert (tmp_path / "authority.pem").read_bytes() != first
    assert verify(tmp_path / "authority.pem", certificate) == ""


def test_there_is_nothing_to_renew(tmp_path: Path) -> None:
    with pytest.raises(CertsError, match="there is no authority here"):
        make_authority(tmp_path, renew=True)


def test_two_authorities_are_not_taken_for_each_other(tmp_path: Path) -> None:
    make_authority(tmp_path / "a")
    make_authority(tmp_path / "b")
    assert "verification failed" in verify(tmp_path / "a" / "authority.pem", issue(tmp_path / "b", "CloudOne"))
    subjects = {read_facts(tmp_path / name / "authority.pem")[0].subject for name in "ab"}
    assert len(subjects) == 2


@pytest.mark.parametrize(
    ("cloud", "hosts", "fault"),
    [
        ("CloudOne", ["gw.one", "10.0.1.10"], ""),
        ("CloudTwo", [], "permitted subtree violation"),
        ("CloudOne", ["www.example.org"], "permitted subtree violation"),
        ("CloudOne", ["192.0.2.1"], "permitted subtree violation"),
        ("CloudOne", ["2001:db8::1"], "permitted subtree violation"),
    ],
)
def test_an_authority_signs_for_its_names_only(tmp_path: Path, cloud: str, hosts: list[str], fault: str) -> None:
    make_authority(tmp_path, only=["CloudOne", "one", "10.0.1.0/24"])
    said = verify(tmp_path / "authority.pem", issue(tmp_path, cloud, hosts))
    assert fault in said
    assert (said == "") == (fault == "")


def test_without_an_address_among_its_names_it_signs_for_none(tmp_path: Path) -> None:
    make_authority(tmp_path, only=["CloudOne"])
    assert verify(tmp_path / "authority.pem", issue(tmp_path, "CloudOne")) == ""
    for address in ("10.0.1.10", "::1"):
        assert "excluded subtree" in verify(tmp_path / "authority.pem", issue(tmp_path, "CloudOne", [address], renew=True))


def test_names_without_a_cloud_among_them_would_sign_for_none(tmp_path: Path) -> None:
    with pytest.raises(CertsError, match="have none of a cloud among them"):
        make_authority(tmp_path, only=["10.0.1.0/24"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("authority.key", b"no key", "are not a certificate and a key in PEM"),
        ("authority.pem", b"no certificate", "are not a certificate and a key in PEM"),
    ],
)
def test_broken_files_are_said(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    make_authority(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CertsError, match=message):
        issue(tmp_path, "CloudOne")


def test_the_key_of_another_authority_is_refused(tmp_path: Path) -> None:
    make_authority(tmp_path / "a")
    make_authority(tmp_path / "b")
    (tmp_path / "b" / "authority.key").rename(tmp_path / "a" / "authority.key")
    with pytest.raises(CertsError, match=r"authority\.key: it is not the key of .*authority\.pem"):
        issue(tmp_path / "a", "CloudOne")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CertsError, match="the folder cannot be made: "):
        make_authority(tmp_path / "file" / "ca")


@pytest.mark.parametrize(("days", "message"), [(0, "1 day or more is accepted"), (10_000_000, "cannot be that long")])
def test_days_that_make_no_sense_are_refused(tmp_path: Path, days: int, message: str) -> None:
    with pytest.raises(CertsError, match=message):
        make_authority(tmp_path, days)
    assert list(tmp_path.iterdir()) == []
