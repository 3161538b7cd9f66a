# SPDX-License-Identifier: Apache-2.0
"""The proxies in front of an HAProxy, the PROXY protocol and the certificates of users, as settings of the gateway."""

from pathlib import Path

import pytest
import yaml

from documents import read
from openstackoid.cli import main
from openstackoid.discovery.backends import Found, find_backends
from openstackoid.discovery.catalog import Row
from openstackoid.discovery.description import describe, what_is_lost
from openstackoid.discovery.existing import read_haproxy, servers_behind
from openstackoid.discovery.haproxy_configuration import parse_configuration
from openstackoid.mesh import parse_mesh

ROW = Row("image", "public", "http://h:9292", "RegionOne")
SPEAK = (
    "every connection begins with the PROXY protocol: name the proxies in gateway.trusted_proxies,"
    ' and "h:9292" in gateway.proxy_protocol'
)
NAME = "if a proxy in front sends this header, name the proxy in gateway.trusted_proxies"


def found(front: str, bind: str = "") -> Found:
    text = f"frontend f\n bind :9292 {bind}\n{front}\n default_backend b\nbackend b\n server a 10.0.0.1:9292\n"
    behind = find_backends(parse_configuration({"f.cfg": text}), ROW, {}, {})
    assert isinstance(behind, Found), behind
    return behind


def settings(behind: Found) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the trusted proxies and the sockets of the PROXY protocol in the description."""
    cloud = parse_mesh(describe("One", [ROW], behind={ROW: behind})).clouds["One"]
    return cloud.trusted_proxies, cloud.proxy_protocol


@pytest.mark.parametrize(
    ("front", "networks"),
    [
        ("option forwardfor except 10.0.0.4", ("10.0.0.4/32",)),
        ("option forwardfor except 10.0.0.0/24\n option forwardfor except 127.0.0.0/8", ("10.0.0.0/24",)),
        ("http-request set-src hdr(X-Forwarded-For) if { src 10.0.0.4 10.0.0.5 }", ("10.0.0.4/32", "10.0.0.5/32")),
        ("acl lb src 10.0.0.4\n acl lb src 2001:db8::4\n tcp-request content set-src req.hdr_ip(x-forwarded-for,-1) if lb",
         ("10.0.0.4/32", "2001:db8::4/128")),
    ],
)  # fmt: skip
def test_the_proxies_whose_header_haproxy_passed_on_are_trusted(front: str, networks: tuple[str, ...]) -> None:
    behind = found(front)
    assert settings(behind) == (networks, ())
    assert behind.losses == ()


@pytest.mark.parametrize(
    ("front", "bind"),
    [
        ("tcp-request connection expect-proxy layer4 if { src 10.0.0.4 } or { src 10.0.0.5 }", ""),
        ("acl lb src 10.0.0.4 10.0.0.5\n tcp-request connection expect-proxy layer4 unless !lb", ""),
        ("tcp-request connection reject if !{ src 10.0.0.4 10.0.0.5 }", "accept-proxy"),
        ("acl lb src 10.0.0.4 10.0.0.5\n tcp-request connection reject unless lb", "accept-proxy"),
    ],
)
def test_known_proxies_that_speak_the_proxy_protocol_do_so_to_the_gateway(front: str, bind: str) -> None:
    behind = found(front, bind)
    assert settings(behind) == (("10.0.0.4/32", "10.0.0.5/32"), ("h:9292",))
    assert not [loss for loss in behind.losses if "accept-proxy" in loss.text or "expect-proxy" in loss.text]


@pytest.mark.parametrize(
    ("front", "bind", "line"),
    [
        ("", "accept-proxy", "bind :9292 accept-proxy (f.cfg:2)"),
        ("tcp-request connection reject if { src 10.0.0.4 }", "accept-proxy", "bind :9292 accept-proxy (f.cfg:2)"),
        ("tcp-request connection reject if !{ src 10.0.0.4 } or !{ src 10.0.0.5 }", "accept-proxy",
         "bind :9292 accept-proxy (f.cfg:2)"),
        ("tcp-request connection expect-proxy layer4", "", "tcp-request connection expect-proxy layer4 (f.cfg:3)"),
        ("tcp-request connection expect-proxy layer4 if !{ src 10.0.0.4 }", "",
         "tcp-request connection expect-proxy layer4 if !{ src 10.0.0.4 } (f.cfg:3)"),
        ("tcp-request connection expect-proxy layer4 if { src -f /proxies }", "",
         "tcp-request connection expect-proxy layer4 if { src -f /proxies } (f.cfg:3)"),
    ],
)  # fmt: skip
def test_unknown_proxies_that_speak_the_proxy_protocol_are_a_warning(front: str, bind: str, line: str) -> None:
    behind = found(front, bind)
    assert f"WARNING: this breaks: {line}; {SPEAK}" in [loss.comment for loss in behind.losses]
    assert settings(behind) == ((), ())


def test_the_page_shows_the_warning() -> None:
    text = "listen f\n bind 10.0.1.10:9292 accept-proxy\n server a 10.0.0.1:9292\n"
    row = Row("image", "public", "http://10.0.1.10:9292", "RegionOne")
    behind = find_backends(parse_configuration({"haproxy.cfg": text}), row, {}, {})
    assert f"\n{what_is_lost({row: behind})[0]}\n" in read("operate/discover.md")


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("http-request set-src hdr(x-forwarded-for)", NAME),
        ("http-request set-src hdr(cf-connecting-ip) if { src 10.0.0.4 }", NAME),
        ("option forwardfor if-none", NAME),
        ("option forwardfor header X-Client", "the gateway tells services the client's address in X-Forwarded-For"),
    ],
)
def test_a_header_that_anyone_may_set_is_named_and_not_believed(line: str, task: str) -> None:
    behind = found(line)
    assert [loss.comment for loss in behind.losses] == [f"not carried over: {line} (f.cfg:3); {task}"]
    assert settings(behind) == ((), ())


def test_the_lines_of_haproxy_that_tell_the_proxies_stand_beside_them() -> None:
    text = describe("One", [ROW], behind={ROW: found("tcp-request connection expect-proxy layer4 if { src 10.0.0.4 }")})
    assert (
        "    # tcp-request connection expect-proxy layer4 if { src 10.0.0.4 } (f.cfg:3)\n"
        '    gateway:\n      trusted_proxies: ["10.0.0.4/32"]\n      proxy_protocol: ["h:9292"]\n'
    ) in text


def test_more_proxies_than_a_description_takes_are_a_comment() -> None:
    many = "\n".join(f" option forwardfor except 10.0.0.{number}" for number in range(49))
    text = describe("One", [ROW], behind={ROW: found(many)})
    assert "    # The gateway takes 48 networks: write fewer.\n    # gateway:\n    #   trusted_proxies: [" in text
    assert parse_mesh(text).clouds["One"].trusted_proxies == ()


PEM = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def haproxy(tmp_path: Path) -> Path:
    """A configuration with certificates of users: a file, a folder, one without its key, and one in a container."""
    (tmp_path / "more").mkdir()
    for name, text in (("users.pem", PEM), ("more/a.pem", PEM), ("cert.pem", PEM.partition("-----BEGIN PRIVATE")[0])):
        (tmp_path / name).write_text(text)
    crts = f"crt users.pem crt {tmp_path}/more crt cert.pem crt /in-a-container/haproxy.pem"
    (tmp_path / "haproxy.cfg").write_text(
        f"global\n crt-base {tmp_path}\nlisten image\n bind :9292 ssl {crts}\n server a 10.0.0.1:9292\n"
    )
    return tmp_path


def test_certificates_that_can_be_read_stand_in_the_settings_to_uncomment(haproxy: Path) -> None:
    row = Row("image", "public", "https://h:9292", "RegionOne")
    behind = servers_behind([row], *read_haproxy(haproxy / "haproxy.cfg"))
    text = describe("One", [row], behind=behind)
    lines = text[text.index("    # gateway:") :].partition("    services:")[0].splitlines()
    assert yaml.safe_load("\n".join(line.removeprefix("    # ") for line in lines)) == {
        "gateway": {
            "tls": {
                "certificate": "/etc/openstackoid/One.pem",
                "authority": "/etc/openstackoid/authority.pem",
                "users": [f"{haproxy}/users.pem", f"{haproxy}/more"],
            }
        }
    }
    task = "no certificate with its key can be read there: name the file in gateway.tls.users"
    for file in (f"{haproxy}/cert.pem", "/in-a-container/haproxy.pem"):
        assert f"        # not carried over: bind :9292 crt {file} (haproxy.cfg:4); {task}\n" in text


def test_another_region_has_no_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "haproxy.cfg").write_text(
        "listen a\n bind :1\n server a 10.0.0.1:1\nlisten b\n bind :2\n http-request deny\n server a 10.0.0.2:1\n"
    )
    (tmp_path / "endpoints.json").write_text(
        '[{"Service Type": "image", "Interface": "public", "URL": "http://h:1", "Region": "A"},'
        ' {"Service Type": "image", "Interface": "public", "URL": "http://h:2", "Region": "B"}]'
    )
    words = ["--name", "One", "--endpoints", f"{tmp_path}/endpoints.json", "--haproxy", f"{tmp_path}/haproxy.cfg"]
    assert main(["discover", *words, "--region", "A"]) == 0
    written = capsys.readouterr()
    assert "public: http://10.0.0.1:1" in written.out
    assert written.err == ""
