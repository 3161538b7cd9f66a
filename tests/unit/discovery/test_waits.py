# SPDX-License-Identifier: Apache-2.0
"""The waits and checks of an existing HAProxy, from its sections and from the defaults that they inherit."""

from pathlib import Path

import pytest

from openstackoid.discovery.backends import Found, find_backends
from openstackoid.discovery.catalog import Row
from openstackoid.discovery.description import describe
from openstackoid.discovery.existing import read_haproxy
from openstackoid.discovery.haproxy_configuration import parse_configuration
from openstackoid.discovery.waits import longest
from openstackoid.mesh.settings import ServiceTimeouts

ROW = Row("image", "public", "http://h", "RegionOne")
FRONT, BACK = "frontend f\n bind :80\n default_backend b\n", "backend b\n server a 10.0.0.1:9292\n"


def found(files: dict[str, str]) -> Found:
    behind = find_backends(parse_configuration(files), ROW, {}, {})
    assert isinstance(behind, Found), behind
    return behind


@pytest.mark.parametrize(
    ("text", "client", "server"),
    [
        (FRONT + BACK, None, None),
        (f"{FRONT} timeout client 6h\n{BACK} timeout server 90000\n", 21600, 90),
        (f"defaults\n timeout client 2m\n timeout server 3m\n{FRONT} timeout client 6h\n{BACK}", 21600, 180),
        (f"defaults\n timeout client 2m\ndefaults\n timeout server 3m\n{FRONT}{BACK}", None, 180),
        (f"defaults slow\n timeout server 3m\ndefaults\n{FRONT}{BACK.replace('backend b', 'backend b from slow')}", None, 180),
        (f"defaults slow\n timeout server 3m\ndefaults from slow\n timeout client 500ms\n{FRONT}{BACK}", 0.5, 180),
        ("defaults\n timeout client 5m\nlisten l\n bind :80\n timeout server 1d\n server a 10.0.0.1", 300, 86400),
        (f"{FRONT} timeout server 5m\n{BACK} timeout client 5m\n", None, None),
        (f"{FRONT} timeout client 1m\n timeout client 5m\n{BACK}", 300, None),
    ],
)
def test_a_service_waits_as_its_sections_and_defaults_say(text: str, client: float | None, server: float | None) -> None:
    behind = found({"haproxy.cfg": text})
    assert behind.timeouts == ServiceTimeouts(client, server)
    assert behind.notes == ()


def test_defaults_are_for_the_files_that_follow_and_a_folder_has_its_own_files_first(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/glance.cfg").write_text(FRONT + BACK)
    (tmp_path / "haproxy.cfg").write_text("defaults\n timeout client 2h\n")
    configuration, _ = read_haproxy(tmp_path)
    behind = find_backends(configuration, ROW, {}, {})
    assert isinstance(behind, Found)
    assert behind.timeouts == ServiceTimeouts(client=7200)


@pytest.mark.parametrize(
    ("written", "seconds", "note"),
    [
        ("0", 86400, "timeout server 0 of b: the gateway waits for 1d at most"),
        ("48h", 86400, "timeout server 48h of b: the gateway waits for 1d at most"),
        ("${WAIT}", None, "timeout server ${WAIT} of b is not a time that discover knows"),
    ],
)
def test_a_time_that_a_description_cannot_have_is_told(written: str, seconds: float | None, note: str) -> None:
    behind = found({"haproxy.cfg": f"{FRONT}{BACK} timeout server {written}\n"})
    assert behind.timeouts == ServiceTimeouts(server=seconds)
    assert behind.notes == (note,)


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("server a 10.0.0.1 check", "`check`"),
        ("default-server inter 5s rise 3\n server a 10.0.0.1 check fall 4", "`check inter 5s rise 3 fall 4`"),
        ("option httpchk GET /healthcheck\n http-check expect status 200\n server a 10.0.0.1 check",
         "`check`, `option httpchk GET /healthcheck`, `http-check expect status 200`"),
        ("server a 10.0.0.1 check fall 2\n server b 10.0.0.2 check fall 3", "`check fall 2`, `check fall 3`"),
    ],
)  # fmt: skip
def test_the_operator_is_told_how_servers_were_checked(backend: str, said: str) -> None:
    behind = found({"haproxy.cfg": f"{FRONT}backend b\n {backend}\n"})
    gateway = "the gateway asks for / every `gateway.timeouts.check` (2s), and takes a server out after two failures"
    assert behind.notes == (f"HAProxy's check was {said}; {gateway}",)


def test_servers_take_tls_from_a_default_server_line() -> None:
    behind = found({"haproxy.cfg": f"{FRONT}backend b\n default-server ssl ca-file /a.crt\n server a 10.0.0.1:9292\n"})
    assert [server.url for server in behind.servers] == ["https://10.0.0.1:9292"]


@pytest.mark.parametrize(
    ("waits", "keys"),
    [
        ([], {}),
        ([ServiceTimeouts(60, 60)], {}),
        ([ServiceTimeouts(21600, None), ServiceTimeouts(60, 90)], {"client": "6h", "server": "90s"}),
        ([ServiceTimeouts(50, 0.25)], {"client": "50s", "server": "250ms"}),
    ],
)
def test_the_longest_wait_of_any_interface_is_written_unless_the_gateway_has_it(
    waits: list[ServiceTimeouts], keys: dict[str, str]
) -> None:
    assert longest(waits) == keys


def test_a_service_without_timeouts_gets_no_key() -> None:
    text = describe("One", [ROW], behind={ROW: found({"haproxy.cfg": FRONT + BACK})})
    assert "backend:" in text
    assert "timeouts" not in text
