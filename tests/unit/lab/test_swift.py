# SPDX-License-Identifier: Apache-2.0
"""Swift in a cloud of the lab: its configuration, its ports, and the needs of its filesystem."""

import errno
import os
from configparser import RawConfigParser
from pathlib import Path

import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import ports, services, swift
from openstackoid.lab.catalog import Addresses
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.configs import Site
from openstackoid.lab.secret import ACCOUNTS


def _site(cloud: Cloud, directory: Path = Path("/state")) -> Site:
    return Site(
        cloud=cloud,
        addresses=Addresses(cloud, ports.cloud_ports(8800, 1)),
        directory=directory / cloud.name,
        venv=directory / "venv",
        authority=Path("/authority.pem"),
        secrets={account: f"secret-{cloud.slug}-{account}" for account in ACCOUNTS},
        database_port=8890,
        bus_port=8891,
    )


def _read(site: Site, name: str) -> RawConfigParser:
    parser = RawConfigParser()
    parser.read_string(swift.files(site)[f"swift/{name}"])
    return parser


SITE = _site(Cloud("A", swift=True))


def test_a_cloud_without_swift_has_no_swift_files() -> None:
    site = _site(Cloud("A"))
    assert swift.files(site) == {}
    assert swift.health_urls(site.addresses) == {}
    assert not [name for name in (*services.api_names(site), *services.worker_names(site)) if "swift" in name]


def test_every_server_listens_on_its_own_port_of_loopback() -> None:
    listening = {}
    for name in swift.SERVERS:
        options = _read(SITE, f"{name}-server.conf")["DEFAULT"]
        assert options["bind_ip"] == "127.0.0.1"
        listening[name] = int(options["bind_port"])
    assert listening == {"swift-proxy": 8936, "swift-account": 8937, "swift-container": 8938, "swift-object": 8939}


def test_the_whole_of_a_cloud_is_in_its_own_folders() -> None:
    """Two clouds on one machine, and neither in /etc/swift nor in /srv/node, where Swift would look by itself."""
    for name in swift.SERVERS:
        assert _read(SITE, f"{name}-server.conf")["DEFAULT"]["swift_dir"] == "/state/A/conf/swift"
    assert _read(SITE, "swift-object-server.conf")["DEFAULT"]["devices"] == "/state/A/data/swift/devices"


def test_members_get_an_account_at_first_use_and_tokens_stay_out_of_the_log() -> None:
    options = _read(SITE, "swift-proxy-server.conf")
    assert "member" in options["filter:keystoneauth"]["operator_roles"]
    assert options["app:proxy-server"]["account_autocreate"] == "true"
    assert options["filter:proxy-logging"]["reveal_sensitive_prefix"] == "0"
    assert options["filter:authtoken"]["auth_url"] == SITE.addresses.frontend("identity")
    filters = options["pipeline:main"]["pipeline"].split()[:-1]
    assert all(options.has_section(f"filter:{name}") for name in filters)
    assert filters.index("authtoken") < filters.index("keystoneauth")


def test_a_new_ring_restarts_no_server_and_a_new_option_does(tmp_path: Path) -> None:
    """Servers follow their rings by themselves; rings are made after the configuration is written."""
    site = _site(Cloud("A", swift=True), tmp_path)
    folder = site.conf / "swift"
    folder.mkdir(parents=True)

    def fingerprint() -> str:
        return services.daemons(site, tmp_path / "guest", tmp_path / "logs")["swift-object"].fingerprint()

    before = fingerprint()
    (folder / "object.ring.gz").touch()
    assert fingerprint() == before
    (folder / "swift.conf").write_text("[swift-hash]\n")
    assert fingerprint() != before


def _program(site: Site, script: str) -> None:
    python = site.venv / "bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o700)


def test_rings_are_made_once(tmp_path: Path) -> None:
    site = _site(Cloud("A", swift=True), tmp_path)
    (site.conf / "swift").mkdir(parents=True)
    _program(site, 'echo "$@"; for ring in account container object; do touch "$3/$ring.ring.gz"; done')
    log = tmp_path / "logs" / "rings.log"
    for _ in range(2):
        swift.prepare(site, {"PATH": "/usr/bin:/bin"}, log)
    (line,) = log.read_text().splitlines()
    assert line.startswith("-m openstackoid_lab.rings ")
    assert line.endswith("disk account=127.0.0.1:8937 container=127.0.0.1:8938 object=127.0.0.1:8939")
    assert (site.data / "swift/devices/disk").is_dir()


def test_rings_that_could_not_be_made_are_an_error_with_the_reason(tmp_path: Path) -> None:
    site = _site(Cloud("A", swift=True), tmp_path)
    (site.conf / "swift").mkdir(parents=True)
    _program(site, "echo no such device >&2; exit 3")
    with pytest.raises(OpenstackoidError, match=r"(?s)A: Swift's rings were not made \(exit code 3\).*no such device"):
        swift.prepare(site, {"PATH": "/usr/bin:/bin"}, tmp_path / "rings.log")


def test_a_filesystem_without_extended_attributes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(OpenstackoidError, match=r"extended attributes, which the filesystem of .*disk does not keep"):
        swift.prepare(_site(Cloud("A", swift=True), tmp_path), {}, tmp_path / "rings.log")
