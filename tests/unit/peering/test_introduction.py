# SPDX-License-Identifier: Apache-2.0
"""An introduction is believed for its certificate alone."""

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import CertificateRevocationList

from openstackoid.certs import issue, make_authority, revoke
from openstackoid.mesh import Cloud, parse_mesh
from openstackoid.peering import PeeringError, signed, verified
from openstackoid.routing.wire_version import SPOKEN
from openstackoid.tls import revocation_lists

NOW = time.time()


def cloud(name: str = "CloudTwo", url: str = "https://gw.two:9292/v2") -> Cloud:
    services = f"image: {{frontend: {{public: '{url}', internal: 'http://10.0.0.1:9292'}}}}, object-store: {{frontend: 'https://gw.two:8080/v1'}}"
    text = f"mesh: 1\nclouds:\n  {name}:\n    region: two\n    services: {{{services}}}\n"
    return parse_mesh(text).clouds[name]


@dataclass
class Mesh:
    folder: Path

    def __post_init__(self) -> None:
        make_authority(self.folder)
        make_authority(self.folder / "other")
        for name in ("CloudTwo", "CloudThree"):
            issue(self.folder, name, ["gw.two"])
        issue(self.folder / "other", "CloudTwo")

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def verified(self, text: str, now: float = NOW, revoked: Sequence[CertificateRevocationList] = ()) -> object:
        return verified(text, self.read("authority.pem"), revoked, now)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    return Mesh(tmp_path_factory.mktemp("mesh"))


def test_a_peer_reads_the_https_frontends(mesh: Mesh) -> None:
    text = signed(cloud(), mesh.read("CloudTwo.pem"), NOW)
    found = verified(text, mesh.read("authority.pem"), [], NOW)
    assert (found.cloud, found.region, found.wire) == ("CloudTwo", "two", SPOKEN)
    assert {(row.service_type, row.interface, row.url) for row in found.rows} == {
        ("image", "public", "https://gw.two:9292/v2"),
        *(("object-store", interface, "https://gw.two:8080/v1") for interface in ("public", "internal", "admin")),
    }
    assert found.made == datetime.fromtimestamp(int(NOW), UTC)
    assert len(found.fingerprint) == 64


def test_no_key_is_in_it(mesh: Mesh) -> None:
    text = signed(cloud(), mesh.read("CloudTwo.pem"), NOW)
    key = serialization.load_pem_private_key(mesh.read("CloudTwo.pem").split(b"-----END CERTIFICATE-----\n")[-1], None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    number = key.private_numbers().private_value.to_bytes(32, "big")
    for part in text.split(".")[:2]:
        assert number not in base64.urlsafe_b64decode(part + "==")


def test_another_cloud_cannot_introduce_it(mesh: Mesh) -> None:
    text = signed(cloud(), mesh.read("CloudThree.pem"), NOW)
    with pytest.raises(PeeringError, match="it introduces 'CloudTwo', but the certificate is of CloudThree"):
        mesh.verified(text)


def test_another_authority_is_not_believed(mesh: Mesh) -> None:
    text = signed(cloud(), mesh.read("other/CloudTwo.pem"), NOW)
    with pytest.raises(PeeringError, match="the authority of this gateway does not stand for its certificate"):
        mesh.verified(text)


def test_a_changed_one_is_refused(mesh: Mesh) -> None:
    header, _, signature = signed(cloud(), mesh.read("CloudTwo.pem"), NOW).split(".")
    claims = json.dumps({"iss": "CloudTwo", "iat": int(NOW), "endpoints": []}).encode()
    with pytest.raises(PeeringError, match="it was changed after it was signed"):
        mesh.verified(f"{header}.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_the_algorithm_in_the_file_does_not_matter(mesh: Mesh, algorithm: str) -> None:
    head = jwt.get_unverified_header(signed(cloud(), mesh.read("CloudTwo.pem"), NOW))
    claims = {"iss": "CloudTwo", "iat": int(NOW), "wire": 2, "region": "", "endpoints": []}
    key = "" if algorithm == "none" else "a key that the attacker has chosen, long enough for it"
    forged = jwt.encode(claims, key, algorithm, headers={"typ": head["typ"], "x5c": head["x5c"]})
    with pytest.raises(PeeringError):
        mesh.verified(forged)


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "{}", "eyJhbGciOiJub25lIn0.e30.", "é" * 10, "x" * 2_000_000])
def test_anything_else_is_refused_in_words(mesh: Mesh, text: str) -> None:
    with pytest.raises(PeeringError, match=r"it is (not an introduction|larger than 1 MiB)"):
        mesh.verified(text)


def test_a_certificate_that_has_ended_is_not_believed(mesh: Mesh) -> None:
    text = signed(cloud(), mesh.read("CloudTwo.pem"), NOW)
    with pytest.raises(PeeringError, match="does not stand for its certificate"):
        mesh.verified(text, NOW + timedelta(days=400).total_seconds())


def test_one_from_the_future_is_refused(mesh: Mesh) -> None:
    text = signed(cloud(), mesh.read("CloudTwo.pem"), NOW + 3600)
    with pytest.raises(PeeringError, match="which is yet to come; compare the clocks"):
        mesh.verified(text)


def test_a_revoked_certificate_is_not_believed(mesh: Mesh) -> None:
    issue(mesh.folder, "CloudFour")
    text = signed(cloud("CloudFour"), mesh.read("CloudFour.pem"), NOW)
    mesh.verified(text)
    path, _ = revoke(mesh.folder, "CloudFour", [], 365)
    with pytest.raises(PeeringError, match="its certificate has been revoked"):
        mesh.verified(text, revoked=revocation_lists(path.read_bytes(), str(path)))


def test_a_cloud_without_https_is_not_introduced(mesh: Mesh) -> None:
    text = "mesh: 1\nclouds: {CloudTwo: {services: {image: {frontend: 'http://gw.two'}}}}"
    with pytest.raises(PeeringError, match="CloudTwo has no https frontend, and peers send tokens over https alone"):
        signed(parse_mesh(text).clouds["CloudTwo"], mesh.read("CloudTwo.pem"), NOW)
