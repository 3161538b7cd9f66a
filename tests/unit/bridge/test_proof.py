# SPDX-License-Identifier: Apache-2.0
"""The Python service's TLS to a Keystone with a reader account. Peers are in tests/conformance."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.keystone_reader import readers_of
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.certs import issue, make_authority
from openstackoid.mesh import PASSWORD, Account, Mesh, Timeouts, parse_mesh
from unit.bridge.haproxy import haproxy
from unit.bridge.keystone import OPTIONS, SECRET
from unit.bridge.listening import listening
from unit.bridge.stage import played

TOKEN = {"issued_at": datetime.now(UTC), "expires_at": datetime.now(UTC) + timedelta(hours=1)}


@asynccontextmanager
async def answering(certificate: Path, authority: Path, answer: object) -> AsyncIterator[tuple[int, list[str]]]:
    """Serve one answer to clients that have a certificate; yield the port, and whose certificates were shown."""
    shown: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            shown.append(dict(part[0] for part in writer.get_extra_info("peercert")["subject"])["commonName"])
            body = json.dumps(answer, default=lambda time: time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")).encode()
            head = f"HTTP/1.1 201 Created\r\nX-Subject-Token: t1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
            writer.write(f"{head.replace('201 Created', '200 OK')}Content-Type: application/json\r\n\r\n".encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    async with listening(serve, tls=context) as server:
        yield server.sockets[0].getsockname()[1], shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_authority(tmp_path)
    make_authority(tmp_path / "other")
    for cloud in ("CloudOne", "CloudTwo"):
        issue(tmp_path, cloud, ["127.0.0.1"])
    issue(tmp_path / "other", "CloudTwo", ["127.0.0.1"])
    issue(tmp_path / "other", "CloudOne", ["127.0.0.1"])
    return tmp_path


def mesh(folder: Path, *, tls: bool) -> Mesh:
    own = f", tls: {{certificate: '{folder}/CloudOne.pem', authority: '{folder}/authority.pem'}}" if tls else ""
    scheme = "https" if tls else "http"
    return parse_mesh(
        "mesh: 1\nclouds:\n"
        f"  CloudOne: {{gateway: {{timeouts: {{connect: 0.5}}{own}}}, services: {{identity:"
        f" {{frontend: '{scheme}://127.0.0.1:8801/id', backend: 'http://127.0.0.1:1'}}}}}}\n"
        f"  CloudTwo: {{services: {{identity: {{frontend: '{scheme}://127.0.0.1:1/id'}}}}}}\n"
    )


@asynccontextmanager
async def account(folder: Path, url: str, *, secure: bool = True) -> AsyncIterator[Reader]:
    state = folder / "state"
    state.mkdir()
    async with haproxy(mesh(folder, tls=secure), state, system_authorities="" if secure else "/etc/ssl/certs") as socket:
        upstream = Upstream("CloudOne", socket)
        upstream.reasons.tls = mesh(folder, tls=secure).clouds["CloudOne"].tls
        try:
            accounts = {"CloudTwo": Account(PASSWORD, url, OPTIONS)}
            yield readers_of(accounts, upstream, Timeouts(), secure=secure)["CloudTwo"]
        finally:
            await upstream.close()


@played
async def test_a_reader_account_logs_in_with_proof_on_both_sides(folder: Path) -> None:
    async with (
        answering(folder / "CloudTwo.pem", folder / "authority.pem", {"token": TOKEN}) as (port, shown),
        account(folder, f"https://127.0.0.1:{port}/v3") as reader,
    ):
        assert await reader.token() == "t1"
    assert shown == ["CloudOne"]


@pytest.mark.parametrize(
    ("certificate", "what"),
    [
        ("CloudOne.pem", "its certificate is not CloudTwo's"),
        ("other/CloudTwo.pem", "its certificate is not signed by the authority of {}/authority.pem"),
    ],
)
@played
async def test_a_password_goes_to_the_verified_cloud_alone(folder: Path, certificate: str, what: str) -> None:
    async with answering(folder / certificate, folder / "authority.pem", {"token": TOKEN}) as (port, shown):
        url = f"https://127.0.0.1:{port}/v3"
        async with account(folder, url) as reader:
            with pytest.raises(AnswerError) as failed:
                await reader.token()
    said = f"gateway of CloudOne: identity of CloudTwo at {url}: the reader account at CloudTwo cannot log in: "
    assert (failed.value.status, failed.value.message) == (503, said + what.format(folder))
    assert SECRET not in failed.value.message
    assert shown == []


@played
async def test_without_tls_of_the_gateway_no_password_goes_to_a_private_authoritys_server(folder: Path) -> None:
    """Without TLS between gateways, the authorities of the system are believed, and no other."""
    async with (
        answering(folder / "CloudTwo.pem", folder / "authority.pem", {"token": TOKEN}) as (port, shown),
        account(folder, f"https://127.0.0.1:{port}/v3", secure=False) as reader,
    ):
        with pytest.raises(AnswerError) as failed:
            await reader.token()
    assert (failed.value.status, shown) == (503, [])
    assert "cannot log in: its Keystone cannot be reached" in failed.value.message
