# SPDX-License-Identifier: Apache-2.0
"""TLS in the configuration; its effect is tested in tests/conformance/test_tls.py."""

import socket
import ssl
import subprocess
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from openstackoid.certs import issue, make_authority
from openstackoid.certs.authority import key_bytes, load_authority, signed_by
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.mesh import MeshError, Tls, parse_mesh
from unit.gateway.running import free_port
from waiting import until

RUNTIME = Runtime("/b.sock", "/u.sock", "/h.sock", "/r.sock", "/l.sock", "/o.sock")


def configuration(folder: str, *, internal: str = "", tls: bool = True, files: Tls | None = None) -> dict[str, str]:
    secure = "s" if tls else ""
    gateway = f"    gateway: {{tls: {{certificate: \"{folder}/One.pem\", authority: '{folder}/authority.pem'}}}}\n" if tls else ""
    text = (
        f"mesh: 1\nclouds:\n  One:\n{gateway}    services:\n"
        f"      image: {{frontend: {{public: 'http{secure}://127.0.0.1:8801/image'{internal}}}, backend: 'http://127.0.0.1:9001'}}\n"
        f"  Two: {{services: {{image: {{frontend: 'http{secure}://127.0.0.1:8802/image'}}}}}}\n"
    )
    return compile_gateway(parse_mesh(text), "One", RUNTIME, files)


def test_without_tls_the_configuration_has_no_tls() -> None:
    files = configuration("/x", tls=False)
    assert not any(word in files["haproxy.cfg"] for word in ("ssl", "sess.", "X-Forwarded-Proto", "https"))


def test_a_request_without_a_scope_meets_one_rule_more() -> None:
    """The sender is found once a connection, and looked up only where it matters."""

    def first(tls: bool) -> list[str]:
        lines = [line.strip() for line in configuration("/x", tls=tls)["haproxy.cfg"].splitlines()]
        rules = [line for line in lines if line.startswith("http-request")]
        return rules[: next(number for number, line in enumerate(rules) if line.startswith("http-request allow"))]

    for_users = (rule.removesuffix(" !{ var(sess.from) -m found }") for rule in first(True))
    (rule,) = [rule for rule in for_users if rule not in first(False)]
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


def test_an_unprotected_frontend_is_not_compiled() -> None:
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


def test_a_name_with_a_zero_byte_is_no_clouds(tmp_path: Path) -> None:
    """HAProxy looks a map up by what stands before the byte, so an authority that signs such a name would make a peer."""
    (rule,) = [line for line in configuration("/x")["haproxy.cfg"].splitlines() if " set-var(sess.from)" in line]
    (stranger,) = [line for line in configuration("/x")["haproxy.cfg"].splitlines() if "set-var(sess.stranger)" in line]
    make_authority(tmp_path)
    issue(tmp_path, "One", ["127.0.0.1"])
    (tmp_path / "clouds.map").write_text("Two x\n")
    port = free_port()
    tls = f"crt {tmp_path}/One.pem ca-file {tmp_path}/authority.pem verify optional"
    (tmp_path / "haproxy.cfg").write_text(
        "global\n default-path config\ndefaults\n mode http\n timeout connect 3s\n timeout client 3s\n timeout server 3s\n"
        f"frontend f\n bind 127.0.0.1:{port} ssl {tls}\n{rule}\n{stranger}\n"
        " http-request return status 403 if { var(sess.stranger) -m found }\n"
        " http-request return status 200 if { var(sess.from) -m str Two }\n http-request return status 401\n"
    )
    haproxy = find_haproxy()
    command = [str(haproxy.path), "-db", "-f", str(tmp_path / "haproxy.cfg")]
    process = subprocess.Popen(command, env=haproxy.environment(), stderr=subprocess.DEVNULL)
    try:
        found = {name: asked(port, tmp_path, name) for name in ("Two", "Two\0evil", "Three")}
    finally:
        process.kill()
        process.wait()
    assert found == {"Two": 200, "Two\0evil": 403, "Three": 403}


def asked(port: int, folder: Path, name: str) -> int:
    """Return the status for a client whose certificate has this common name."""
    authority = load_authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = signed_by(authority, datetime.now(UTC), 1).subject_name(subject).public_key(key.public_key())
    pem = certificate.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "client.pem").write_bytes(pem + key_bytes(key))
    context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    context.load_cert_chain(folder / "client.pem")
    until(lambda: accepts(port))
    connection = HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
