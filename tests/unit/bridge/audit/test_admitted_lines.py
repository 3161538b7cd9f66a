# SPDX-License-Identifier: Apache-2.0
"""HAProxy's line about a guest becomes the audit line that the Python service would have written."""

from pathlib import Path

import pytest

from openstackoid.bridge.audit.admission_header import Admission, encode
from openstackoid.bridge.audit.admitted_lines import admitted_line
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.audit_log import Party
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.routing.admission import encoded_roles

USE = encode(Admission(Party("u1", "ada", "Default"), Party("p1", "demo", "Default"), "CloudTwo/members"))
REQUEST = "127.0.0.1 GET /image/v2/images -> guests.image.public - 200 12 ms ---- "
DOWNLOAD = REQUEST.replace("guests.image.public", "delegated.image.public")
ID = "req-11111111-2222-4333-8444-555555555555"
ABOUT = f"image.public from=CloudTwo id={ID} use={USE}|{encoded_roles(('member', 'a b'))}|CloudTwo\n"


def test_a_line_says_all_that_the_python_service_would() -> None:
    found = admitted_line(REQUEST, ABOUT, "CloudOne", 9.0)
    assert found is not None
    assert (found.milliseconds, found.state) == (12, "----")
    document = found.line.document()
    assert document["user"] == {"id": "u1", "name": "ada", "domain": "Default"}
    assert (document["project"]["name"], document["rule"], document["roles"]) == ("demo", "CloudTwo/members", ["member", "a b"])
    assert (document["gateway"], document["cloud"], document["home"], document["sender"]) == ("CloudOne",) * 2 + ("CloudTwo",) * 2
    assert (document["direction"], document["outcome"], document["status"]) == ("in", "allowed", 200)
    assert (document["service"], document["interface"], document["request_id"]) == ("image", "public", ID)


def test_a_user_of_this_clouds_network_has_no_sender_and_may_have_no_id() -> None:
    found = admitted_line(REQUEST, ABOUT.replace("from=CloudTwo", "from=").replace(ID, ""), "CloudOne", 9.0)
    assert found is not None
    assert (found.line.sender, found.line.request_id) == (None, None)


@pytest.mark.parametrize(
    ("request_part", "about"),
    [
        (REQUEST.replace("guests.image.public", "local.image.public"), ABOUT),
        (REQUEST.replace(" ms", ""), ABOUT),
        (REQUEST, ABOUT.replace(USE, "e30")),
        (REQUEST, ABOUT.replace("|CloudTwo", "")),
        (REQUEST, ABOUT.replace("|CloudTwo", "|Cloud Two")),
        (REQUEST, ABOUT.replace(encoded_roles(("member", "a b")), "e30")),
        (REQUEST, "image.public use=\n"),
        (REQUEST, ABOUT.replace("|CloudTwo", "|CloudOne")),
        (DOWNLOAD, ABOUT),
    ],
)
def test_any_other_line_is_none(request_part: str, about: str) -> None:
    assert admitted_line(request_part, about, "CloudOne", 9.0) is None


def test_an_image_that_a_peer_has_read_in_the_name_of_a_user_here_is_audited_and_counted(tmp_path: Path) -> None:
    use = encode(Admission(Party("u1", "ada", "Default"), Party("p1", "demo", "Default"), "delegation of CloudTwo/images"))
    about = f"image.public from=CloudTwo id={ID} use={use}|{encoded_roles(())}|CloudOne\n"
    found = admitted_line(DOWNLOAD, about, "CloudOne", 9.0)
    assert found is not None
    line = found.line
    assert (line.home, line.sender, line.rule, line.roles) == ("CloudOne", "CloudTwo", "delegation of CloudTwo/images", ())
    counted: list[tuple[str | None, str | None, str]] = []
    lines = EgressLines("CloudOne", Audit(tmp_path / "audit.log"), delegated=lambda *use: counted.append(use))
    lines(f"{DOWNLOAD} admitted={about}{REQUEST} admitted={ABOUT}".encode())
    assert counted == [("CloudTwo", "delegation of CloudTwo/images", "allowed")]
    assert (tmp_path / "audit.log").read_bytes().count(b"\n") == 2


def test_the_log_says_that_a_guest_was_admitted_and_not_who(tmp_path: Path) -> None:
    lines = EgressLines("CloudOne", Audit(tmp_path / "audit.log"))
    assert lines(f"{REQUEST} admitted={ABOUT}".encode()) == f"{REQUEST} admitted\n".encode()
    assert (tmp_path / "audit.log").read_bytes().count(b'"ada"') == 1


def test_a_line_that_cannot_be_read_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = EgressLines("CloudOne", Audit(tmp_path / "audit.log"))
    assert lines(f"{REQUEST} admitted=image.public\n".encode()) == f"{REQUEST} unreadable\n".encode()
    assert "cannot be read" in caplog.text
