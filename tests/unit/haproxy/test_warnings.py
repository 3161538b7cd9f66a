# SPDX-License-Identifier: Apache-2.0
"""HAProxy has no warning about a gateway's configuration, in any layout: by hosts, by ports, by paths, with and without TLS."""

import asyncio
import os
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from conformance.cases_hosts import ADDRESSES, CLOUDS, DESCRIPTION, POLICY
from conformance.clouds import three_clouds
from openstackoid.certs import issue, make_authority
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.haproxy.process import validate
from openstackoid.mesh import Mesh, parse_mesh

HAPROXY = find_haproxy(os.environ.get("OPENSTACKOID_TEST_HAPROXY", "bundled"))
LIMITS = "limits: {exempt: [127.0.0.1]}"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the key ``tls`` of each gateway; that of ``Named`` has two certificates for users, by SNI."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = make_authority(folder)
    make_authority(folder / "public")
    image = issue(folder / "public", "Image", ["image.named.test"], 10)
    others = issue(folder / "public", "Others", ["compute.named.test", "identity.named.test"], 10)
    pairs = {cloud: f"certificate: {issue(folder, cloud, list(ADDRESSES), 10)}, authority: {authority}" for cloud in CLOUDS}
    pairs["Named"] += f", users: [{image}, {others}]"
    return {cloud: f", tls: {{{pair}}}" for cloud, pair in pairs.items()}


def described(scheme: str, tls: dict[str, str]) -> str:
    ports = count(20001)
    words: dict[str, Any] = {name: next(ports) for name in ("named", "mixed", "inside", "paths")}
    words |= {"s": scheme, "p": list(islice(ports, 3)), "b": list(islice(ports, 12))}
    return DESCRIPTION.format(**words, policy=POLICY, tls=tls)


def warnings(mesh: Mesh, cloud: str, folder: Path) -> list[str]:
    """Return HAProxy's complaints. It does not look names up, as the supervisor opens the sockets of a gateway."""
    for name, content in compile_gateway(mesh, cloud, Runtime.of(str(folder)), own_addresses=ADDRESSES).items():
        (folder / name).write_text(content.replace("-api.mixed.test:", "-127.0.0.1:"))
    return asyncio.run(validate(HAPROXY, folder))


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("settings", [LIMITS, "limits: {}", "limits: {source_requests: null}"])
def test_with_tls(cloud: str, settings: str, certificates: dict[str, str], tmp_path: Path) -> None:
    mesh = parse_mesh(described("https", certificates).replace(LIMITS, settings))
    assert warnings(mesh, cloud, tmp_path) == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_with_tls_behind_proxies(cloud: str, certificates: dict[str, str], tmp_path: Path) -> None:
    socket = parse_mesh(described("https", certificates)).clouds[cloud].listeners[0]
    proxies = f', trusted_proxies: [10.9.9.9], proxy_protocol: ["{socket}"]'
    mesh = parse_mesh(described("https", certificates | {cloud: certificates[cloud] + proxies}))
    assert warnings(mesh, cloud, tmp_path) == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_tls(cloud: str, tmp_path: Path) -> None:
    assert warnings(parse_mesh(described("http", dict.fromkeys(CLOUDS, ""))), cloud, tmp_path) == []


@pytest.mark.parametrize("cloud", ["CloudOne", "CloudTwo"])
def test_of_clouds_with_more_services(cloud: str, tmp_path: Path) -> None:
    assert warnings(three_clouds(), cloud, tmp_path) == []
