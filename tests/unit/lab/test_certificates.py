# SPDX-License-Identifier: Apache-2.0
"""The lab's authority and certificates: made once, renewed before they end, valid for the lab's addresses alone."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openstackoid.certs import issue, read_facts
from openstackoid.errors import OpenstackoidError
from openstackoid.lab import certificates


def test_each_gateway_is_known_by_its_clouds_name_and_its_address(tmp_path: Path) -> None:
    certificates.prepare(tmp_path, ["CloudOne", "CloudTwo"])
    (facts,) = read_facts(certificates.certificate_file(tmp_path, "CloudTwo"))
    assert facts.subject == "CN=CloudTwo"
    assert set(facts.names) == {"CloudTwo", "localhost", "127.0.0.1"}
    (authority,) = read_facts(certificates.authority_file(tmp_path))
    assert (authority.signs, authority.subject) == (True, facts.issuer)
    secret = ("CloudOne.pem", "CloudTwo.pem", "authority.key")
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in secret} == {0o600}


def test_existing_certificates_stay_and_a_new_cloud_gets_one(tmp_path: Path) -> None:
    certificates.prepare(tmp_path, ["CloudOne"])
    before = {path: path.read_bytes() for path in tmp_path.glob("*.[pk]e[my]")}
    assert len(before) == 3
    certificates.prepare(tmp_path, ["CloudOne", "CloudTwo"])
    assert {path: path.read_bytes() for path in before} == before
    assert certificates.certificate_file(tmp_path, "CloudTwo").exists()


@pytest.mark.parametrize(("days", "renewed"), [(29, True), (31, False)])
def test_a_certificate_that_ends_soon_is_renewed(days: int, renewed: bool, tmp_path: Path) -> None:
    certificates.prepare(tmp_path, [])
    path = issue(tmp_path, "CloudOne", ["127.0.0.1"], days + 1, begins=datetime.now(UTC) - timedelta(days=1, minutes=-1))
    before = path.read_bytes()
    certificates.prepare(tmp_path, ["CloudOne"])
    assert (path.read_bytes() != before) is renewed


def test_a_name_that_no_certificate_can_have_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(OpenstackoidError, match=r"'10\.0\.0\.1' is an address"):
        certificates.prepare(tmp_path, ["10.0.0.1"])
