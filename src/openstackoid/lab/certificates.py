# SPDX-License-Identifier: Apache-2.0
"""The lab's private authority, and the certificate of each cloud's gateway: for its users, and for the other gateways."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openstackoid.certs import issue, make_authority, read_facts
from openstackoid.lab.catalog import HOST

_HOSTS = (HOST, "localhost")
_RENEWED = timedelta(days=30)
"""How long before its end a certificate is replaced; the running gateway takes the new one up by itself."""


def authority_file(directory: Path) -> Path:
    """Return the file by which users, services and gateways know the gateways of this lab."""
    return directory / "authority.pem"


def certificate_file(directory: Path, cloud: str) -> Path:
    """Return the file of certificate and key of a cloud's gateway."""
    return directory / f"{cloud}.pem"


def prepare(directory: Path, clouds: Iterable[str]) -> None:
    """Make what is missing, and make anew what ends soon.

    Raises:
        OpenstackoidError: a cloud has a name that no certificate can have, or a file cannot be read or written.
    """
    if not authority_file(directory).exists():
        make_authority(directory)
    for cloud in clouds:
        path = certificate_file(directory, cloud)
        there = path.exists()
        if not there or read_facts(path)[0].ends - datetime.now(UTC) < _RENEWED:
            issue(directory, cloud, _HOSTS, renew=there)
