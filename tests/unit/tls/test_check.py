# SPDX-License-Identifier: Apache-2.0
"""A certificate is checked as by a peer, and a fault is reported with its file."""

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.tls import AUTHORITY, CERTIFICATE, TlsError, checked_files, warnings_about

KEY = "-----BEGIN PRIVATE KEY-----"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_authority(tmp_path)
    issue(tmp_path, "CloudOne", ["gw.one", "10.0.1.10"], 100)
    return tmp_path


def checked(folder: Path, cloud: str = "CloudOne", certificate: str = "CloudOne.pem", authority: str = "authority.pem") -> None:
    texts = checked_files(str(folder / certificate), str(folder / authority), cloud)
    assert texts == {CERTIFICATE: (folder / certificate).read_text(), AUTHORITY: (folder / authority).read_text()}


def refused(folder: Path, message: str, cloud: str = "CloudOne", certificate: str = "CloudOne.pem") -> TlsError:
    with pytest.raises(TlsError) as caught:
        checked(folder, cloud, certificate)
    assert str(caught.value) == message
    return caught.value


def test_a_good_one_is_accepted(folder: Path) -> None:
    checked(folder)


def test_one_of_several_authorities_is_enough(folder: Path) -> None:
    make_authority(folder / "new")
    both = (folder / "authority.pem").read_text() + (folder / "new" / "authority.pem").read_text()
    (folder / "both.pem").write_text(both)
    checked(folder, authority="both.pem")


def test_a_chain_is_accepted(folder: Path) -> None:
    """The operator's own authority may have signed another one, which has signed the certificate."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    (folder / "sub.ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
    (folder / "leaf.ext").write_text("subjectAltName=DNS:CloudOne\nextendedKeyUsage=serverAuth,clientAuth\n")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-subj", "/CN=Root", "-keyout", "root.key", "-out", "root.pem", "-days", "9")
    openssl("req", *new, "-subj", "/CN=Sub", "-keyout", "sub.key", "-out", "sub.csr")
    openssl("x509", "-req", "-in", "sub.csr", "-CA", "root.pem", "-CAkey", "root.key", "-extfile", "sub.ext", "-out", "sub.pem")
    openssl("req", *new, "-subj", "/O=Bank/CN=CloudOne", "-keyout", "leaf.key", "-out", "leaf.csr")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "sub.pem", "-CAkey", "sub.key", "-extfile", "leaf.ext", "-out", "leaf.pem")
    chain = folder / "chain.pem"
    chain.write_text("".join((folder / name).read_text() for name in ("leaf.pem", "sub.pem", "leaf.key")))
    chain.chmod(0o600)
    checked(folder, certificate="chain.pem", authority="root.pem")


def test_a_certificate_of_another_cloud_is_refused(folder: Path) -> None:
    path = folder / "CloudOne.pem"
    refused(folder, f"{path}: the certificate is not CloudTwo's", "CloudTwo")
    issue(folder, "other", ["CloudTwo"])
    other = f"{folder / 'other.pem'}: its common name is other; peers know the gateway by CloudTwo"
    refused(folder, other, "CloudTwo", "other.pem")
    issue(folder, "cloudone")
    lower = f"{folder / 'cloudone.pem'}: its common name is cloudone; peers know the gateway by CloudOne"
    refused(folder, lower, "CloudOne", "cloudone.pem")
    make_authority(folder / "new")
    stranger = issue(folder / "new", "CloudOne")
    said = f"{stranger}: the certificate is not signed by the authority of {folder / 'authority.pem'}"
    refused(folder, said, certificate="new/CloudOne.pem")


@pytest.mark.parametrize(("days", "what"), [(-30, "has expired"), (3, "is not valid yet")])
def test_its_time(folder: Path, days: int, what: str) -> None:
    begins = datetime.now(UTC) + timedelta(days=days)
    issue(folder, "CloudOne", [], 5, renew=True, begins=begins)
    refused(folder, f"{folder / 'CloudOne.pem'}: the certificate {what}")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_can_reach_is_not_used(folder: Path, mode: int) -> None:
    path = folder / "CloudOne.pem"
    path.chmod(mode)
    assert refused(folder, f"{path}: others can look into this file with a key").hint == f"chmod 600 {path}"


def test_files_that_cannot_be_used(folder: Path) -> None:
    path, authority = folder / "CloudOne.pem", folder / "authority.pem"
    text, signer = path.read_text(), authority.read_text()
    accepted = f"{path}: a certificate and then its key, both in PEM and without a passphrase, are accepted"
    for broken in (text.partition(KEY)[0], text[: len(text) // 3], "", signer):
        path.write_text(broken)
        refused(folder, accepted)
    key = (folder / "authority.key").read_text()
    path.write_text(text.partition(KEY)[0] + key)
    refused(folder, f"{path}: the key in it is not that of the certificate")
    path.write_bytes(b"\xff")
    refused(folder, f"{path}: PEM is accepted")
    path.unlink()
    refused(folder, f"{path}: cannot be read: No such file or directory")
    path.write_text(text)
    path.chmod(0o600)
    for broken in ("", "nonsense", signer[:200]):
        authority.write_text(broken)
        refused(folder, f"{authority}: there is no PEM certificate of an authority in it")


def test_a_key_with_a_passphrase_is_not_asked_about(folder: Path) -> None:
    path = folder / "CloudOne.pem"
    words = ["openssl", "pkcs8", "-topk8", "-in", str(path), "-passout", "pass:word"]
    locked = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    path.write_text(path.read_text().partition(KEY)[0] + locked)
    refused(folder, f"{path}: a certificate and then its key, both in PEM and without a passphrase, are accepted")


class TestWarnings:
    def warnings(self, folder: Path, *hosts: str) -> list[str]:
        return warnings_about(str(folder / "CloudOne.pem"), str(folder / "authority.pem"), "CloudOne", hosts)[1]

    def test_there_is_time(self, folder: Path) -> None:
        ends, said = warnings_about(
            str(folder / "CloudOne.pem"), str(folder / "authority.pem"), "CloudOne", ["GW.one", "10.0.1.10"]
        )
        assert said == []
        assert abs(ends - time.time() - 100 * 86400) < 120

    def test_a_certificate_that_ends_soon_is_a_warning(self, folder: Path) -> None:
        issue(folder, "CloudOne", [], 14, renew=True)
        assert self.warnings(folder) == [f"{folder / 'CloudOne.pem'}: the certificate of CloudOne ends in 13 days"]

    def test_a_certificate_without_the_name_of_a_frontend_is_a_warning(self, folder: Path) -> None:
        assert self.warnings(folder, "gw.one", "[::1]", "www.one") == [
            f"{folder / 'CloudOne.pem'}: it does not name [::1], www.one, by which users call CloudOne"
        ]
