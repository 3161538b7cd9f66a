# SPDX-License-Identifier: Apache-2.0
"""Swift: a proxy server, and an account, a container and an object server over one folder.

Each gets its cloud's own ``swift.conf`` and rings by Swift's option ``swift_dir``; ``/etc/swift`` is not needed.
"""

import errno
import getpass
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.catalog import HOST, Addresses
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.configs import Options, Site, render, token_checks
from openstackoid.lab.packages import tail
from openstackoid.lab.ports import STORAGE
from openstackoid.lab.state import private_dir

STORAGE_SERVERS = tuple(f"swift-{server}" for server in STORAGE)
"""The processes behind the proxy server."""
SERVERS = ("swift-proxy", *STORAGE_SERVERS)
RING = ".gz"
"""The suffix of a ring's file. A running server loads new rings."""
_DEVICE = "disk"


def storage_ports(cloud: Cloud) -> dict[str, str]:
    """Return the name of the port of each process behind the proxy server; none in a cloud without Swift."""
    return {f"swift-{server}": f"storage.{server}" for server in STORAGE} if cloud.swift else {}


def health_urls(where: Addresses) -> dict[str, str]:
    """Return the health page of each process behind the proxy server; none in a cloud without Swift."""
    return {name: f"http://{HOST}:{where.ports[port]}/healthcheck" for name, port in storage_ports(where.cloud).items()}


def command(site: Site, name: str) -> list[str]:
    """Return the command of one of Swift's servers, which logs to its standard error."""
    return [str(site.venv / "bin" / f"{name}-server"), str(_folder(site) / f"{name}-server.conf"), "--verbose"]


def _folder(site: Site) -> Path:
    return site.conf / "swift"


def _devices(site: Site) -> Path:
    return site.data / "swift" / "devices"


def files(site: Site) -> dict[str, str]:
    """Return the content of Swift's configuration files, by their path below ``site.conf``; none in a cloud without Swift."""
    if not site.cloud.swift:
        return {}
    content = {"swift.conf": render(common(site)), "swift-proxy-server.conf": render(proxy(site))}
    content |= {f"swift-{server}-server.conf": render(storage(site, server)) for server in STORAGE}
    return {f"swift/{name}": text for name, text in content.items()}


def common(site: Site) -> Options:
    """Return the common settings of a cloud's servers.

    Swift reads limits and storage policies from ``/etc/swift``, before it knows of this file.
    """
    return {"swift-hash": {"swift_hash_path_suffix": site.secrets["swift_hash"]}}


def _server(site: Site, port: int) -> dict[str, object]:
    return {
        "bind_ip": HOST,
        "bind_port": port,
        "swift_dir": _folder(site),
        "user": getpass.getuser(),
        # lab: one process, which serves by itself.
        "workers": 0,
        # Swift always logs to syslog too. Its own UDP port has no listener, so the system's log stays clean.
        "log_udp_host": HOST,
        "log_udp_port": port,
    }


def proxy(site: Site) -> Options:
    """Return the options of the proxy server, which is Swift's API."""
    pipeline = "catch_errors gatekeeper healthcheck proxy-logging listing_formats tempurl authtoken keystoneauth"
    pipeline += " copy slo dlo versioned_writes proxy-server"
    simple = ("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "tempurl", "copy", "slo", "dlo", "versioned_writes")
    return {
        "DEFAULT": _server(site, site.addresses.ports["backend.object-store"]),
        "pipeline:main": {"pipeline": pipeline},
        **{f"filter:{name}": {"use": f"egg:swift#{name}"} for name in simple},
        # No part of a token gets into the log.
        "filter:proxy-logging": {"use": "egg:swift#proxy_logging", "reveal_sensitive_prefix": 0},
        "filter:authtoken": {
            "paste.filter_factory": "keystonemiddleware.auth_token:filter_factory",
            **token_checks(site, "swift"),
            # Public containers and temporary URLs need no token.
            "delay_auth_decision": True,
        },
        "filter:keystoneauth": {"use": "egg:swift#keystoneauth", "operator_roles": "admin, member"},
        "app:proxy-server": {"use": "egg:swift#proxy", "account_autocreate": True},
    }


def storage(site: Site, server: str) -> Options:
    """Return the options of the account, the container or the object server."""
    return {
        "DEFAULT": {
            **_server(site, site.addresses.ports[f"storage.{server}"]),
            "devices": _devices(site),
            # lab: the device is a folder, on any filesystem.
            "mount_check": False,
            "disable_fallocate": True,
        },
        "pipeline:main": {"pipeline": f"healthcheck {server}-server"},
        "filter:healthcheck": {"use": "egg:swift#healthcheck"},
        f"app:{server}-server": {"use": f"egg:swift#{server}"},
    }


def prepare(site: Site, environment: Mapping[str, str], log: Path) -> None:
    """Make Swift's device, a folder, and by Swift's own code missing rings with it.

    Raises :class:`OpenstackoidError` if the filesystem has no extended attributes, or the rings cannot be made.
    """
    device = private_dir(_devices(site) / _DEVICE)
    try:
        os.setxattr(device, "user.openstackoid", b"")
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        raise OpenstackoidError(
            f"{site.cloud.name}: Swift needs extended attributes, which the filesystem of {device} does not keep",
            hint="set XDG_STATE_HOME to a folder on another filesystem (ext4, xfs), or describe the cloud without swift",
        ) from error
    folder = _folder(site)
    if all((folder / f"{server}.ring{RING}").exists() for server in STORAGE):
        return
    servers = [f"{server}={HOST}:{site.addresses.ports[f'storage.{server}']}" for server in STORAGE]
    maker = [str(site.venv / "bin/python"), "-m", "openstackoid_lab.rings", str(folder), _DEVICE, *servers]
    private_dir(log.parent)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        code = subprocess.run(
            maker, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False
        ).returncode
    if code:
        raise OpenstackoidError(
            f"{site.cloud.name}: Swift's rings were not made (exit code {code}); the end of {log}:\n{tail(log)}"
        )
