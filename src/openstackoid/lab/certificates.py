# SPDX-License-Identifier: Apache-2.0
"""The lab's private authority, and the certificate of each cloud's gateway."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openstackoid.certs import issue, make_authority, read_facts
from openstackoid.lab.catalog import HOST

_HOSTS = (HOST, "localhost")
_RENEWED = timedelta(days=30)
"""The time before its end at which a certificate is replaced; a running gateway loads the new one."""


def authority_file(directory: Path) -> Path:
    """Return the file with the authority of the lab's gateways."""
    return directory / "authority.pem"


def certificate_file(directory: Path, cloud: str) -> Path:
    """Return the file of certificate and key of a cloud's gateway."""
    return directory / f"{cloud}.pem"


def prepare(directory: Path, clouds: Iterable[str]) -> None:
    """Make missing certificates, and renew those that end soon.

    Raises :class:`OpenstackoidError` for a cloud name that no certificate can have, and for a file that cannot be read or
    written.
    """
    if not authority_file(directory).exists():
        make_authority(directory)
    for cloud in clouds:
        path = certificate_file(directory, cloud)
        there = path.exists()
        if not there or read_facts(path)[0].ends - datetime.now(UTC) < _RENEWED:
            issue(directory, cloud, _HOSTS, renew=there)
