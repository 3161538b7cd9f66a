# SPDX-License-Identifier: Apache-2.0
"""Requests to CloudOne's gateway with a certificate of the mesh, as the operator of another cloud can send them."""

import ssl
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from examples.session import authority
from lab.meaning import World


def as_gateway(
    world: World, certificate: Path | None, method: str, service: str, path: str, token: str, **more: str
) -> tuple[int, str]:
    """Ask CloudOne's gateway, with a certificate or none; return the status, and all of the answer."""
    context = ssl.create_default_context(cafile=authority())
    if certificate is not None:
        context.load_cert_chain(certificate)
    headers = {"X-Auth-Token": token, **{name.replace("_", "-"): value for name, value in more.items()}}
    request = Request(world.url("CloudOne", service, path), headers=headers, method=method)
    try:
        with urlopen(request, timeout=60, context=context) as got:
            return int(got.status), f"{got.headers}\n{got.read().decode()}"
    except HTTPError as error:
        with error:
            return error.code, f"{error.headers}\n{error.read().decode()}"


def certificate_of(cloud: str | None) -> Path | None:
    """Return the lab's certificate of a cloud's gateway; None for no cloud."""
    return Path(authority()).parent / f"{cloud}.pem" if cloud else None
