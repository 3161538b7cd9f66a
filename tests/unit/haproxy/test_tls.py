# SPDX-License-Identifier: Apache-2.0
"""What TLS adds to a configuration, and what it does not; that it works is tested in tests/conformance/test_tls.py."""

import subprocess
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.mesh import MeshError, Tls, parse_mesh

RUNTIME = Runtime("/b.sock", "/u.sock", "/h.sock", "/r.sock", "/l.sock")


def configuration(folder: str, *, internal: str = "", tls: bool = True, files: Tls | None = None) -> dict[str, str]:
    secure = "s" if tls else ""
    gateway = f"    gateway: {{tls: {{certificate: \"{folder}/One.pem\", authority: '{folder}/authority.pem'}}}}\n" if tls else ""
    text = (
        f"mesh: 1\nclouds:\n  One:\n{gateway}    services:\n"
        f"      image: {{frontend: {{public: 'http{secure}://127.0.0.1:8801/image'{internal}}}, backend: 'http://127.0.0.1:9001'}}\n"
        f"  Two: {{services: {{image: {{frontend: 'http{secure}://127.0.0.1:8802/image'}}}}}}\n"
    )
    return compile_gateway(parse_mesh(text), "One", RUNTIME, files)


def test_without_tls_there_is_nothing_of_it() -> None:
    files = configuration("/x", tls=False)
    assert not any(word in files["haproxy.cfg"] for word in ("ssl", "sess.", "X-Forwarded-Proto", "https"))


def test_a_request_without_a_scope_meets_one_rule_more() -> None:
    """Who has sent it is found out once a connection, and asked about only where it matters."""

    def first(tls: bool) -> list[str]:
        lines = [line.strip() for line in configuration("/x", tls=tls)["haproxy.cfg"].splitlines()]
        rules = [line for line in lines if line.startswith("http-request")]
        return rules[: next(number for number, line in enumerate(rules) if line.startswith("http-request allow"))]

    (rule,) = [rule for rule in first(True) if rule not in first(False)]
    assert rule.startswith("http-request return status 403 ")
    assert rule.endswith(" if { var(sess.stranger) -m found }")


def test_a_peer_must_be_the_cloud_that_is_meant() -> None:
    lines = [line.strip() for line in configuration("/x")["haproxy.cfg"].splitlines()]
    proven = "0.0.0.0:0 ssl verify required ca-file '/x/authority.pem' crt '/x/One.pem' sni var(txn.cloud) no-ssl-reuse"
    servers = [line for line in lines if line.startswith("server ") and "0.0.0.0" in line]
    assert [server.split(" ", 2)[1] for server in servers] == ["gateway", "once"]
    assert all(proven in server for server in servers)


def test_the_files_may_be_elsewhere_than_the_mesh_says() -> None:
    text = configuration("/x", files=Tls("certificate.pem", "authority.pem"))["haproxy.cfg"]
    assert "/x/" not in text
    assert text.count("'certificate.pem'") == text.count("'authority.pem'") == 3


@pytest.mark.parametrize("name", ["plain", 'it\'s a # "folder" $HOME'])
@pytest.mark.parametrize("internal", ["", ", internal: 'http://127.0.0.1:8803/image'"], ids=["https", "both"])
def test_haproxy_accepts_it(tmp_path: Path, name: str, internal: str) -> None:
    folder = tmp_path / name
    make_authority(folder)
    issue(folder, "One", ["127.0.0.1"])
    yaml = str(folder).replace("'", "''")
    text = (
        f"mesh: 1\nclouds:\n  One:\n    gateway: {{tls: {{certificate: '{yaml}/One.pem', authority: '{yaml}/authority.pem'}}}}\n"
        f"    services:\n      image: {{frontend: {{public: 'https://127.0.0.1:8801/image'{internal}}}, backend: 'http://b:1'}}\n"
        "  Two: {services: {image: {frontend: 'https://127.0.0.1:8802/image'}}}\n"
    ).replace("http://b:1", "http://127.0.0.1:9001")
    for file, content in compile_gateway(parse_mesh(text), "One", RUNTIME).items():
        (tmp_path / file).write_text(content)
    haproxy = find_haproxy()
    command = [str(haproxy.path), "-c", "-f", str(tmp_path / "haproxy.cfg")]
    done = subprocess.run(command, env=haproxy.environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "WARNING" in line or "ALERT" in line]) == (0, [])


def test_a_socket_of_http_stays_one(tmp_path: Path) -> None:
    text = configuration("/x", internal=", internal: 'http://127.0.0.1:8803/image'")["haproxy.cfg"]
    (bind,) = [line.strip() for line in text.splitlines() if ":8803" in line and "bind" in line]
    assert bind == 'bind "${OPENSTACKOID_LISTENER_2-127.0.0.1:8803}" id 2'
    assert "http-request del-header X-Forwarded-Proto unless { ssl_fc }" in text


def test_what_cannot_be_protected_is_not_compiled() -> None:
    with pytest.raises(MeshError, match=r"Two\.services\.image\.frontend\.public: http://two:80: the gateway of One has TLS"):
        compile_gateway(
            parse_mesh(
                "mesh: 1\nclouds:\n  One:\n    gateway: {tls: {certificate: /c, authority: /a}}\n"
                "    services: {image: {frontend: 'https://one', backend: 'http://b'}}\n"
                "  Two: {services: {image: {frontend: 'http://two'}}}\n"
            ),
            "One",
            RUNTIME,
        )
