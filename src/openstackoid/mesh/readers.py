# SPDX-License-Identifier: Apache-2.0
"""The operator's file of reader accounts at peers. It holds passwords, so no error quotes it."""

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openstackoid.errors import OpenstackoidError
from openstackoid.mesh.document import read
from openstackoid.mesh.errors import DocumentError, some_of
from openstackoid.mesh.model import Cloud, Mesh
from openstackoid.mesh.urls import FrontendUrl

PASSWORD, APPLICATION_CREDENTIAL = "v3password", "v3applicationcredential"
"""keystoneauth's names of the two ways to log in."""

_TYPES = {"password": PASSWORD, PASSWORD: PASSWORD, APPLICATION_CREDENTIAL: APPLICATION_CREDENTIAL}
_USER = ("user_id", "username", "user_domain_id", "user_domain_name")
_PROJECT = ("project_id", "project_name", "project_domain_id", "project_domain_name")
_APPLICATION = ("application_credential_id", "application_credential_name", "application_credential_secret")
_AUTH = {
    PASSWORD: ("auth_url", *_USER, "password", "system_scope", *_PROJECT),
    APPLICATION_CREDENTIAL: ("auth_url", *_USER, *_APPLICATION),
}
_WORD = re.compile(r"[a-z_]{1,32}\Z")
_ENTRY = ("auth", "auth_type")
# Part of the output of Horizon and `discover`, without a meaning for a log-in.
_PASSED_OVER = ("region_name", "interface", "identity_api_version")


class ReadersError(OpenstackoidError):
    """An unusable file of reader accounts; the message has the file, the key, and the accepted values."""


@dataclass(frozen=True, slots=True)
class Account:
    """A reader account at a peer: keystoneauth's name of the way to log in, the URL, and the options."""

    plugin: str
    auth_url: str
    options: Mapping[str, str] = field(repr=False)


def load_readers(mesh: Mesh, at: str) -> Mapping[str, Account]:
    """Return the accounts of the cloud ``at`` by which tokens are validated: at peers, and of its own under its own name.

    They are those of its files ``readers`` and ``validator``. Raises :class:`ReadersError` for a file that is unreadable,
    readable by others, or invalid.
    """
    here, peers = mesh.clouds[at], [name for name in mesh.clouds if name != at]
    accounts = {} if here.readers is None else _accounts(here.readers, mesh, at, peers)
    for peer, account in accounts.items():
        if here.tls is not None and not account.auth_url.startswith("https://"):
            where = f"{here.readers}: clouds.{peer}.auth.auth_url"
            raise ReadersError(f"{where}: the gateway of {at} has TLS; an https:// URL is accepted")
    own = {} if here.validator is None else _accounts(here.validator, mesh, at, [at])
    return {**accounts, **own}


def _accounts(named: str, mesh: Mesh, at: str, accepted: Collection[str]) -> dict[str, Account]:
    """Return the accounts in a file, whose entries have names that are accepted."""
    entries = _mapping(_document(named), named, "the document", ("clouds",)).get("clouds")
    accounts = {}
    for name, entry in _mapping(entries, named, "clouds").items():
        if name not in accepted:
            which = f"this gateway's own cloud, {at}" if name == at else "no cloud of the mesh"
            if accepted == [at]:
                raise ReadersError(f"{named}: an entry of clouds is not of this gateway's own cloud; accepted is: {at}")
            known = some_of(accepted) or "none: the mesh has no peer"
            raise ReadersError(f"{named}: an entry of clouds names {which}; accepted are its peers: {known}")
        accounts[name] = _account(named, mesh.clouds[name], entry, own=name == at)
    return accounts


def _document(named: str) -> Any:
    path = Path(named)
    try:
        with path.open(encoding="utf-8") as file:
            # Of the opened file: another may have taken its name since.
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ReadersError(f"{path}: others can look into this file of passwords; chmod 600 {path}")
            return read(file.read(), named)
    except OSError as error:
        raise ReadersError(f"{path}: cannot read the reader accounts: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ReadersError(f"{path}: cannot read the reader accounts: not UTF-8 text") from None
    except DocumentError as error:
        raise ReadersError(f"{path}{error.spot}: {error.plain}") from None


def _mapping(value: Any, named: str, place: str, accepted: tuple[str, ...] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ReadersError(f"{named}: {place}: a mapping of keys to values is accepted")
    if accepted is not None:
        for number, key in enumerate(value, 1):
            if key not in accepted:
                # "password:secret", without the space, is a key: a key that is not a plain word is counted, not quoted.
                which = f"'{key}'" if isinstance(key, str) and _WORD.match(key) else f"its key number {number}"
                raise ReadersError(f"{named}: {place}: {which} is unknown; accepted: {', '.join(accepted)}")
    return value


def _account(named: str, peer: Cloud, entry: Any, *, own: bool) -> Account:
    place = f"clouds.{peer.name}"
    given = _mapping(entry, named, place, _ENTRY + _PASSED_OVER)
    auth = _mapping(given.get("auth"), named, f"{place}.auth")
    said = given.get("auth_type", APPLICATION_CREDENTIAL if any(key in auth for key in _APPLICATION) else "password")
    plugin = _TYPES.get(said) if isinstance(said, str) else None
    if plugin is None:
        raise ReadersError(f"{named}: {place}.auth_type: accepted: {', '.join(_TYPES)}")
    _mapping(auth, named, f"{place}.auth", _AUTH[plugin])
    for key, value in auth.items():
        if not isinstance(value, str) or not value:
            raise ReadersError(f"{named}: {place}.auth.{key}: a text is accepted; put a number into quotes")
    for problem in _problems(plugin, auth):
        raise ReadersError(f"{named}: {place}.auth: {problem}")
    if own and "auth_url" in auth:
        raise ReadersError(f"{named}: {place}.auth.auth_url: leave it out; the account logs in at the backends of identity here")
    options = {key: value for key, value in auth.items() if key != "auth_url"}
    return Account(plugin, _auth_url(named, f"{place}.auth.auth_url", peer, auth.get("auth_url")), options)


def _problems(plugin: str, auth: Mapping[str, str]) -> Iterator[str]:
    """Yield the faults for which Keystone would refuse each log-in."""
    user = "user_id" in auth or ("username" in auth and ("user_domain_id" in auth or "user_domain_name" in auth))
    if plugin == APPLICATION_CREDENTIAL:
        if "application_credential_secret" not in auth:
            yield "application_credential_secret is missing"
        if "application_credential_id" not in auth and not ("application_credential_name" in auth and user):
            yield "application_credential_id is needed, or application_credential_name and the user"
        return
    if not user:
        yield "username is needed, with user_domain_name or user_domain_id; or user_id"
    if "password" not in auth:
        yield "password is missing"
    project = "project_id" in auth or ("project_name" in auth and ("project_domain_id" in auth or "project_domain_name" in auth))
    if auth.get("system_scope", "all") != "all":
        yield "system_scope: 'all' is accepted"
    if project == ("system_scope" in auth):
        yield "a role holds on the system or in a project: 'system_scope: all' is needed, or a project, not both"


def _auth_url(named: str, place: str, peer: Cloud, said: str | None) -> str:
    """Return Keystone's v3 root at the URL of the file, else at the peer's frontend."""
    endpoint = peer.endpoint("identity", "public")
    if endpoint is None:
        raise ReadersError(f"{named}: clouds.{peer.name}: {peer.name} has no service 'identity' in the mesh")
    if said is not None:
        try:
            FrontendUrl.parse(said)
        except ValueError:
            raise ReadersError(f"{named}: {place}: an http:// or https:// URL is accepted") from None
    root = (said or endpoint.frontend.root()).rstrip("/")
    return root if root.endswith("/v3") else f"{root}/v3"
