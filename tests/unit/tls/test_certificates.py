# SPDX-License-Identifier: Apache-2.0
"""Certificates that users meet: read from files and folders, chosen by host, and refused with the file and the fault."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.tls import (
    TlsError,
    certificate_for,
    checked_authority,
    files_in,
    user_certificates,
    warnings_about_users,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("public")
    make_authority(found)
    issue(found, "Image", ["image.one.test"], 100)
    issue(found, "Api", ["api.one.test", "10.0.0.1"], 100)
    issue(found, "Soon", ["soon.one.test"], 3)
    issue(found, "Old", ["old.one.test"], 3, begins=datetime.now(UTC) - timedelta(days=30))
    return found


def test_the_certificate_of_a_host_or_the_first(folder: Path) -> None:
    found = user_certificates([str(folder / "Image.pem"), str(folder / "Api.pem")], "CloudOne")
    assert [Path(certificate.path).name for certificate in found] == ["Image.pem", "Api.pem"]
    for host, name in (("api.one.test", "Api"), ("API.One.Test", "Api"), ("10.0.0.1", "Api"), ("x.test", "Image")):
        assert Path(certificate_for(host, found).path).stem == name


def test_a_wildcard_is_for_one_label(folder: Path) -> None:
    (one,) = user_certificates([str(folder / "Image.pem")], "CloudOne")
    wild = type(one)(one.path, one.text, ("*.one.test",), one.ends)
    assert [wild.is_for(host) for host in ("a.one.test", "A.ONE.test", "a.b.one.test", "one.test")] == [True, True, False, False]


def test_a_folder_stands_for_its_files(folder: Path, tmp_path: Path) -> None:
    for name in ("b.pem", "a.pem", "a.crt"):
        (tmp_path / name).write_bytes((folder / "Image.pem").read_bytes())
    assert files_in([str(tmp_path), "/x.pem"]) == [str(tmp_path / "a.pem"), str(tmp_path / "b.pem"), "/x.pem"]


def test_the_operator_is_warned(folder: Path) -> None:
    found = user_certificates([str(folder / f"{name}.pem") for name in ("Image", "Soon", "Old")], "CloudOne")
    assert warnings_about_users(found, ["image.one.test", "soon.one.test", "x.one.test"]) == [
        f"{folder}/Soon.pem: the certificate for users ends in 2 days",
        f"{folder}/Old.pem: the certificate for users has expired",
        f"{folder}/Image.pem: it does not name x.one.test, and no other certificate for users does",
    ]


def test_each_fault_names_the_file(folder: Path, tmp_path: Path) -> None:
    good, mixed, bare, open_, empty = (
        folder / "Image.pem",
        *(tmp_path / name for name in ("mixed.pem", "bare.pem", "open.pem", "e")),
    )
    end = "-----END CERTIFICATE-----\n"
    certificate, key = good.read_text().split(end)[0] + end, (folder / "Api.pem").read_text().split(end)[1]
    for path, text, mode in ((mixed, certificate + key, 0o600), (bare, certificate, 0o600), (open_, good.read_text(), 0o644)):
        path.write_text(text)
        path.chmod(mode)
    empty.mkdir()
    faults = {
        mixed: "the key in it is not that of the certificate",
        bare: "a certificate, those of authorities between, and the key, all in PEM and without a passphrase, are accepted",
        open_: "others can look into this file with a key",
        tmp_path / "none.pem": "cannot be read: No such file or directory",
        empty: "there is no file in this folder whose name ends in .pem",
    }
    for path, fault in faults.items():
        with pytest.raises(TlsError) as refused:
            user_certificates([str(path)], "CloudOne")
        assert str(refused.value).startswith(f"{path}: {fault}")


def test_no_certificate_for_users_has_the_name_of_the_cloud(folder: Path) -> None:
    with pytest.raises(TlsError, match=r"Image\.pem: it names IMAGE; peers ask for the mesh's certificate by that name"):
        user_certificates([str(folder / "Image.pem")], "IMAGE")


def test_the_authority_of_a_backend(folder: Path, tmp_path: Path) -> None:
    assert checked_authority(str(folder / "authority.pem")) == (folder / "authority.pem").read_text()
    (tmp_path / "a.pem").write_text("x")
    with pytest.raises(TlsError, match=r"a\.pem: there is no PEM certificate of an authority in it"):
        checked_authority(str(tmp_path / "a.pem"))
