# SPDX-License-Identifier: Apache-2.0
"""A revoked certificate is on the authority's list, and both sides of a connection obey the list."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from openstackoid.certs import CertsError, issue, make_authority, read_list, revoke
from openstackoid.cli import main
from openstackoid.tls import TlsError, checked_files, warnings_about


def serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_authority(tmp_path)
    issue(tmp_path, "CloudOne")
    return tmp_path


def numbers(path: Path) -> set[int]:
    return {number for number, _ in read_list(path).revoked}


def test_all_that_was_issued_for_a_cloud_until_now_is_revoked_and_stays_so(folder: Path) -> None:
    issue(folder, "CloudTwo")
    first = serial(folder / "CloudOne.pem")
    issue(folder, "CloudOne", renew=True)
    second = serial(folder / "CloudOne.pem")
    path, added = revoke(folder, "CloudOne")
    assert (path.name, added, path.stat().st_mode & 0o777) == ("revoked.pem", 2, 0o644)
    issue(folder, "CloudOne", renew=True)
    assert revoke(folder, "CloudTwo")[1] == 1
    assert numbers(path) == {first, second, serial(folder / "CloudTwo.pem")}
    assert revoke(folder)[1] == 0
    assert numbers(path) == {first, second, serial(folder / "CloudTwo.pem")}
    found = read_list(path)
    assert found.ends is not None
    assert abs(found.ends - datetime.now(UTC) - timedelta(days=365)) < timedelta(minutes=1)


def test_one_file_alone_is_revoked(folder: Path) -> None:
    old = folder / "old.pem"
    (folder / "CloudOne.pem").rename(old)
    issue(folder, "CloudOne")
    path, added = revoke(folder, "CloudOne", [old])
    assert (added, numbers(path)) == (1, {serial(old)})


def test_one_of_an_earlier_release_is_revoked_by_its_file(folder: Path) -> None:
    (folder / "issued.txt").unlink()
    assert revoke(folder, "CloudOne")[1] == 1


@pytest.mark.parametrize(
    ("cloud", "file", "message"),
    [
        ("CloudThree", None, "no certificate was issued for CloudThree here"),
        ("CloudOne", "other/CloudOne.pem", "other/CloudOne.pem: the authority in .* has not issued it"),
        ("CloudTwo", "CloudOne.pem", "CloudOne.pem: it is not a certificate of CloudTwo"),
        ("CloudOne", "none.pem", "none.pem: cannot be read"),
        ("CloudOne", "CloudOne.txt", "CloudOne.txt: there is no PEM certificate"),
    ],
)
def test_what_cannot_be_revoked_is_said(folder: Path, cloud: str, file: str | None, message: str) -> None:
    make_authority(folder / "other")
    issue(folder / "other", "CloudOne")
    (folder / "CloudOne.txt").write_text("x")
    with pytest.raises(CertsError, match=message):
        revoke(folder, cloud, [folder / file] if file else [])
    assert not (folder / "revoked.pem").exists()


def test_a_file_without_its_cloud_is_an_error(folder: Path) -> None:
    with pytest.raises(CertsError, match=r"CloudOne\.pem: the cloud of the certificate is needed"):
        revoke(folder, None, [folder / "CloudOne.pem"])


@pytest.mark.parametrize("line", [b"garbage", b"", b"\xff\xfe", b"x CloudOne 2026-11-29"])
def test_a_damaged_record_of_issued_certificates_is_named_by_file_and_line(folder: Path, line: bytes) -> None:
    with (folder / "issued.txt").open("ab") as record:
        record.write(line + b"\n")
    with pytest.raises(CertsError, match=r"issued\.txt, line 2: a serial number in hexadecimal"):
        revoke(folder, "CloudOne")


@pytest.mark.parametrize(("days", "message"), [(0, "1 day or more"), (10**12, "cannot be valid for as long")])
def test_a_list_is_valid_for_a_number_of_days_that_exists(folder: Path, days: int, message: str) -> None:
    with pytest.raises(CertsError, match=message):
        revoke(folder, "CloudOne", days=days)


def test_a_list_of_another_authority_is_not_gone_on_with(folder: Path) -> None:
    make_authority(folder / "other")
    revoke(folder / "other")[0].rename(folder / "revoked.pem")
    with pytest.raises(CertsError, match=r"revoked\.pem: it is not a list of this authority"):
        revoke(folder, "CloudOne")


def test_the_commands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = serial(folder / "CloudOne.pem")
    assert main(["certs", "revoke", "--directory", str(folder), "--cloud", "CloudOne", "--days", "30"]) == 0
    assert "revoked.pem: 1 certificate added;" in capsys.readouterr().out
    assert main(["certs", "show", str(folder / "CloudOne.pem")]) == 0
    assert f"serial   {number:x}" in capsys.readouterr().out.splitlines()
    assert main(["certs", "show", str(folder / "revoked.pem")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[2].startswith(f"ends     {datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
    assert shown[4].startswith(f"revoked  {number:x} at ")


def tried(folder: Path) -> None:
    checked_files(str(folder / "CloudOne.pem"), str(folder / "authority.pem"), "CloudOne", str(folder / "revoked.pem"))


def test_a_gateway_takes_up_no_list_that_would_end_its_connections(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = revoke(folder)
    tried(folder)
    revoke(folder, "CloudOne")
    with pytest.raises(TlsError, match=r"CloudOne\.pem: the certificate has been revoked$"):
        tried(folder)
    issue(folder, "CloudOne", renew=True)
    tried(folder)
    both = folder / "authority.pem"
    make_authority(folder / "new")
    both.write_text(both.read_text() + (folder / "new" / "authority.pem").read_text())
    with pytest.raises(TlsError, match=r"revoked\.pem: there is no list of CN=OpenStackoid authority .* in it, which is an"):
        tried(folder)
    path.write_text(path.read_text() + revoke(folder / "new")[0].read_text())
    tried(folder)
    path.write_text("x")
    with pytest.raises(TlsError, match=r"revoked\.pem: there is no PEM list of revoked certificates in it"):
        tried(folder)


def test_a_file_of_lists_brings_no_authority(folder: Path) -> None:
    """OpenSSL believes a certificate wherever it is loaded from, and lists are often fetched from elsewhere."""
    path, _ = revoke(folder)
    make_authority(folder / "new")
    lists = path.read_text() + revoke(folder / "new")[0].read_text()
    for more in ("", "TRUSTED "):
        path.write_text(lists + (folder / "new" / "authority.pem").read_text().replace("CERTIFICATE", f"{more}CERTIFICATE"))
        with pytest.raises(TlsError, match=r"revoked\.pem: only PEM lists of revoked certificates are accepted"):
            tried(folder)
    path.write_text(lists)
    tried(folder)


def test_the_end_of_a_list_is_warned_about(folder: Path) -> None:
    named = (str(folder / "CloudOne.pem"), str(folder / "authority.pem"), "CloudOne", (), str(folder / "revoked.pem"))
    revoke(folder, days=15)
    assert warnings_about(*named)[1] == []
    revoke(folder, days=10)
    (said,) = warnings_about(*named)[1]
    assert said == f"{folder}/revoked.pem: the list of revoked certificates ends in 9 days; then no peer is believed"


def test_an_ended_list_is_said_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Past(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "datetime":  # type: ignore[override]
            return datetime.now(UTC) - timedelta(days=30)

    monkeypatch.setattr("openstackoid.certs.revocation.datetime", Past)
    revoke(folder, days=2)
    with pytest.raises(TlsError, match="cannot be checked: the list of revoked certificates has ended"):
        tried(folder)
