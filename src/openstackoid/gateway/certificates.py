# SPDX-License-Identifier: Apache-2.0
"""The files of certificates that a gateway needs, its copies of them, and their use.

HAProxy reads copies, so that a broken new file has no effect on a running gateway.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from openstackoid.mesh import Cloud, Tls, unprotected
from openstackoid.mesh.urls import is_address
from openstackoid.tls import (
    AUTHORITY,
    CERTIFICATE,
    REVOKED,
    TlsError,
    certificate_for,
    checked_authority,
    checked_files,
    files_in,
    user_certificates,
    warnings_about,
    warnings_about_users,
)


def copies_of(tls: Tls | None) -> Tls | None:
    """Return the places of the copies for HAProxy, beside its configuration. Raises :class:`TlsError` for an empty folder."""
    if tls is None:
        return None
    users = tuple(f"users-{number}.pem" for number, _ in enumerate(files_in(tls.users), start=1))
    return Tls(CERTIFICATE, AUTHORITY, REVOKED if tls.revoked else None, users)


def met_at_addresses(cloud: Cloud) -> dict[str, str]:
    """Return the copy of the certificate for users that names an address of a frontend, by the address.

    A client that knows an address names no host in TLS. Raises :class:`TlsError`.
    """
    places = copies_of(cloud.tls)
    if cloud.tls is None or places is None or not places.users:
        return {}
    users = user_certificates(cloud.tls.users, cloud.name)
    addresses = {listener.host for listener in cloud.secure_listeners if is_address(listener.host)}
    met = {host: certificate_for(host, users) for host in addresses}
    return {host: places.users[users.index(certificate)] for host, certificate in met.items()}


def authorities_of_backends(cloud: Cloud) -> dict[str, str]:
    """Return the copies of the authorities of backends, by the paths of the files in the description."""
    paths = sorted({address.authority for address in cloud.secure_backends if address.authority})
    return {path: f"backends-{number}.pem" for number, path in enumerate(paths, start=1)}


def copied(cloud: Cloud) -> Mapping[str, str]:
    """Return the texts of all files, by the names of the copies. Raises :class:`TlsError` with the file and the fault."""
    texts = {name: checked_authority(path) for path, name in authorities_of_backends(cloud).items()}
    tls, places = cloud.tls, copies_of(cloud.tls)
    if tls is None or places is None:
        return texts
    own = [certificate.text for certificate in user_certificates(tls.users, cloud.name)]
    users = dict(zip(places.users, own, strict=True))
    return {**checked_files(tls.certificate, tls.authority, cloud.name, tls.revoked), **users, **texts}


def watched(cloud: Cloud) -> tuple[str, ...]:
    """Return the files and folders whose change is a change of the gateway."""
    paths = list(authorities_of_backends(cloud))
    if cloud.tls is not None:
        tls = cloud.tls
        paths += [path for path in (tls.certificate, tls.authority, tls.revoked, *tls.users) if path]
        with suppress(TlsError):
            paths += files_in(tls.users)
    return tuple(dict.fromkeys(paths))


def check_certificate(cloud: Cloud) -> tuple[datetime | None, list[str]]:
    """Return the end of the certificate, if any, and warnings about certificates. Raises :class:`openstackoid.tls.TlsError`."""
    if cloud.tls is None:
        return None, []
    tls, hosts = cloud.tls, sorted({listener.host for listener in cloud.secure_listeners})
    users = user_certificates(tls.users, cloud.name)
    ends, said = warnings_about(tls.certificate, tls.authority, cloud.name, [] if users else hosts, tls.revoked)
    said += warnings_about_users(users, hosts) if users else []
    return datetime.fromtimestamp(ends, UTC), said


def in_the_clear(cloud: Cloud) -> list[str]:
    """Return a warning for each frontend whose traffic others could read."""
    return [f"{origin} is http, and not on loopback: tokens travel unprotected" for origin in unprotected(cloud)]


def uses(cloud: Cloud) -> list[str]:
    """Return a line for each use of a certificate or an authority. Raises :class:`openstackoid.tls.TlsError`."""
    lines = []
    users = user_certificates(cloud.tls.users, cloud.name) if cloud.tls else []
    for listener in sorted(cloud.secure_listeners) if users else ():
        met = certificate_for(listener.host, users)
        lines.append(f"users of https://{listener} meet {met.path}, valid until {met.ends:%Y-%m-%d %H:%M} UTC")
    if cloud.tls is not None and users:
        lines.append(f"peers meet {cloud.tls.certificate}, by the name {cloud.name}")
    for address in sorted(cloud.secure_backends):
        signer = address.authority or "an authority of the system"
        lines.append(f"the backend {address.url()} must have a certificate for {address.name}, signed by {signer}")
    return lines
