# SPDX-License-Identifier: Apache-2.0
"""The lines of an HAProxy that `discover` does not carry over: each is named, and said loudly where others may come in."""

from pathlib import Path

import pytest

from documents import read
from openstackoid.cli import main
from openstackoid.discovery.backends import Found, Missing, find_backends
from openstackoid.discovery.catalog import Row
from openstackoid.discovery.description import describe, what_is_lost
from openstackoid.discovery.directives import LINES, Effect, effect
from openstackoid.discovery.haproxy_configuration import parse_configuration

ROW = Row("image", "public", "http://h:9292", "RegionOne")
WIDER = "WARNING: others may reach the service, for the gateway does not do this: "
BREAKS = "WARNING: this breaks: "
UNSPOKEN = "the service waits for the PROXY protocol, which the gateway does not speak to it: turn it off in the service"


def found(front: str = "", back: str = "", bind: str = "", server: str = "", before: str = "") -> Found:
    """Return the servers behind a frontend (from line 1 on, without ``before``) with these lines and options."""
    text = f"{before}frontend f\n bind :9292 {bind}\n{front}\n default_backend b\n"
    text += f"backend b\n{back}\n server a 10.0.0.1:9292 {server}\n"
    behind = find_backends(parse_configuration({"f.cfg": text}), ROW, {}, {})
    assert isinstance(behind, Found), behind
    return behind


def comments(behind: Found) -> list[str]:
    return [loss.comment for loss in behind.losses]


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("http-request deny if !{ src 10.0.0.0/8 }", "http-request deny if !{ src 10.0.0.0/8 } (f.cfg:3)"),
        ("tcp-request connection reject unless { src 10.0.0.0/8 }",
         "tcp-request connection reject unless { src 10.0.0.0/8 } (f.cfg:3)"),
        ("acl ours src 10.0.0.0/8 192.0.2.1\n tcp-request content reject if !ours",
         "tcp-request content reject if !ours; acl ours src 10.0.0.0/8 192.0.2.1 (f.cfg:4)"),
        ("http-request auth realm cloud unless { http_auth(users) }",
         "http-request auth realm cloud unless { http_auth(users) } (f.cfg:3)"),
        ("http-request return status 403 if { path_beg /admin }",
         "http-request return status 403 if { path_beg /admin } (f.cfg:3)"),
        ("rate-limit sessions 100", "rate-limit sessions 100 (f.cfg:3)"),
    ],
)  # fmt: skip
def test_a_line_that_keeps_others_out_is_a_warning(front: str, said: str) -> None:
    behind = found(front)
    assert comments(behind) == [WIDER + said]
    assert what_is_lost({ROW: behind}) == [
        f"warning: others may reach image, for the gateway does not do this: {said}",
        "not carried over from HAProxy: 1; comments in the description name each, with file and line",
    ]


@pytest.mark.parametrize(
    ("bind", "said"),
    [
        ("interface eth1", "bind :9292 interface eth1"),
        ("ssl crt /c.pem ca-file /users.crt verify required", "bind :9292 verify required"),
    ],
)
def test_a_socket_that_lets_few_in_is_a_warning(bind: str, said: str) -> None:
    assert comments(found(bind=bind)) == [f"{WIDER}{said} (f.cfg:2)"]


def test_a_backend_that_the_client_decides_is_a_warning() -> None:
    text = "frontend f\n bind :9292\n acl ours src 10.0.0.0/8\n use_backend b if ours\nbackend b\n server a 10.0.0.1:9292\n"
    behind = find_backends(parse_configuration({"f.cfg": text}), ROW, {}, {})
    assert isinstance(behind, Missing)
    said = "use_backend b if ours; acl ours src 10.0.0.0/8 (f.cfg:4)"
    assert [loss.comment for loss in behind.losses] == [WIDER + said]
    assert f"        # {WIDER}{said}\n" in describe("One", [ROW], behind={ROW: behind})


@pytest.mark.parametrize("options", ["send-proxy", "check send-proxy-v2", "check send-proxy-v2-ssl inter 2s"])
def test_a_service_that_waits_for_the_proxy_protocol_is_a_warning(options: str) -> None:
    option = next(word for word in options.split() if word.startswith("send"))
    said = f"server a {option} (f.cfg:7); {UNSPOKEN}"
    assert comments(found(server=options)) == [BREAKS + said]
    assert what_is_lost({ROW: found(server=options)})[0] == f"warning: image would break: {said}"
    (default,) = comments(found(back=f" default-server {options}"))
    assert default == f"{BREAKS}default-server {option} (f.cfg:6); {UNSPOKEN}"


def test_a_service_that_asks_for_a_certificate_is_a_warning() -> None:
    task = "the service asks for a certificate, and the gateway shows none to services"
    assert comments(found(server="ssl ca-file /a.crt crt /own.pem")) == [f"{BREAKS}server a crt /own.pem (f.cfg:7); {task}"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"front": "http-response set-header Strict-Transport-Security max-age=1"},
         ["http-response set-header Strict-Transport-Security ... (f.cfg:3)"]),
        ({"front": "compression algo gzip"}, ["compression algo gzip (f.cfg:3)"]),
        ({"front": "no-such-line of a later HAProxy"}, ["no-such-line of a ... (f.cfg:3)"]),
        ({"bind": "ssl crt-list /list alpn h2"},
         ["bind :9292 crt-list /list (f.cfg:2); name the certificates in gateway.tls.users"]),
        ({"bind": "ssl ssl-min-ver TLSv1.3 crt /c.pem"}, ["bind :9292 ssl-min-ver TLSv1.3 (f.cfg:2)"]),
        ({"server": "check weight 5 port 9292 maxconn 20"},
         ["server a weight 5 (f.cfg:7)", "server a maxconn 20 (f.cfg:7); gateway.limits.connections is the gateway's"]),
        ({"back": "cookie SERVERID insert"}, ["cookie SERVERID insert (f.cfg:6)"]),
        ({"front": "timeout tunnel 1h"}, ["timeout tunnel 1h (f.cfg:3); gateway.timeouts.tunnel is the gateway's"]),
    ],
)  # fmt: skip
def test_every_other_line_with_an_effect_is_named(lines: dict[str, str], said: list[str]) -> None:
    behind = found(**lines)
    assert comments(behind) == [f"not carried over: {text}" for text in said]
    count = f"not carried over from HAProxy: {len(said)}; comments in the description name each, with file and line"
    assert what_is_lost({ROW: behind}) == [count]


@pytest.mark.parametrize(
    "line",
    [
        "balance leastconn", "log global", "option httplog", "no option httpclose", "mode http", "option forwardfor",
        "http-request set-header X-Forwarded-Proto https if { ssl_fc }", "http-request track-sc0 src",
        "stick-table type ip size 1m",
        "timeout connect 10s", "option httpchk GET /", "http-check expect status 200", "retries 3",
    ],
)  # fmt: skip
def test_lines_without_an_effect_here_make_no_noise(line: str) -> None:
    behind = found(
        front=line, back=line, bind="name x alpn h2,http/1.1 tfo verify none", server="check inter 2s port 1 check-ssl"
    )
    assert comments(behind) == []
    assert what_is_lost({ROW: behind}) == []


def test_of_two_rows_of_the_table_the_longer_one_counts() -> None:
    assert LINES["mode http"] is Effect.NONE
    assert effect(("mode", "tcp")) is Effect.NAMED
    assert effect(("HTTP-Request", "Deny", "if", "x")) is Effect.ACCESS


def test_a_line_of_defaults_is_named_once_for_the_cloud_and_a_warning_at_each_service() -> None:
    before = "defaults\n maxconn 2000\n http-request deny if { src 192.0.2.1 }\n"
    rows = [ROW, Row("compute", "public", "http://h:9292/compute", "RegionOne")]
    text = describe("One", rows, behind=dict.fromkeys(rows, found(before=before)))
    assert text.count("maxconn 2000") == 1
    assert "\n    # not carried over: maxconn 2000 (f.cfg:2); gateway.limits.connections is the gateway's\n    services:" in text
    assert text.count(f"        # {WIDER}http-request deny if {{ src 192.0.2.1 }} (f.cfg:3)\n") == len(rows)


@pytest.mark.parametrize(
    "line",
    [
        "stats auth admin:s3cret", "http-request set-header Authorization s3cret",
        "http-request deny unless { req.hdr(X-Key) s3cret }",
        "acl known req.hdr(X-Key) -m str s3cret\n http-request deny unless known",
        "http-request deny if { req.cook(k) -m str s3cret } { src 10.0.0.1 }",
    ],
)  # fmt: skip
def test_no_secret_of_a_line_is_shown(line: str) -> None:
    behind = found(line)
    assert len(behind.losses) == 1
    assert "s3cret" not in "".join((*comments(behind), *what_is_lost({ROW: behind})))


def test_a_control_character_reaches_neither_terminal_nor_description() -> None:
    behind = found('http-request deny if { path "\x1b[31m" }')
    assert "\x1b" not in "".join(comments(behind))
    describe("One", [ROW], behind={ROW: behind})


def test_an_allowlist_of_openstack_ansible_is_said_on_the_terminal_and_at_its_services(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The role `haproxy_server` writes these lines for `haproxy_allowlist_networks`."""
    sections = "".join(
        f"frontend {name}-front-1\n    bind 192.0.2.10:{port}\n    option httplog\n    option forwardfor except 127.0.0.0/8\n"
        f"    acl allow_list src 127.0.0.1/8 10.0.0.0/8\n    tcp-request content accept if allow_list\n"
        f"    tcp-request content reject\n    mode http\n    default_backend {name}-back\n"
        f"backend {name}-back\n    mode http\n    balance leastconn\n    server one 192.0.2.21:{port} check\n"
        for name, port in (("glance_api", 9292), ("nova_api", 8774))
    )
    (tmp_path / "haproxy.cfg").write_text(sections)
    listing = ", ".join(
        f'{{"Service Type": "{kind}", "Interface": "internal", "URL": "http://192.0.2.10:{port}", "Region": "R"}}'
        for kind, port in (("image", 9292), ("compute", 8774))
    )
    (tmp_path / "endpoints.json").write_text(f"[{listing}]")
    words = ["discover", "--name", "One", "--endpoints", f"{tmp_path}/endpoints.json", "--haproxy", f"{tmp_path}/haproxy.cfg"]
    assert main(words) == 0
    written = capsys.readouterr()
    accept = "tcp-request content accept if allow_list; acl allow_list src 127.0.0.1/8 10.0.0.0/8"
    loud = "warning: others may reach compute, image, for the gateway does not do this:"
    assert written.err.splitlines() == [
        f"{loud} {accept} (haproxy.cfg:6, and 1 more)",
        f"{loud} tcp-request content reject (haproxy.cfg:7, and 1 more)",
        "not carried over from HAProxy: 4; comments in the description name each, with file and line",
    ]
    for line in (6, 19):
        assert f"        # {WIDER}{accept} (haproxy.cfg:{line})\n" in written.out
        assert f"        # {WIDER}tcp-request content reject (haproxy.cfg:{line + 1})\n" in written.out
    assert "trusted_proxies" not in written.out
    assert f"\n{written.err.splitlines()[1]}\n" in read("operate/discover.md")
