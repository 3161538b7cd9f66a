# SPDX-License-Identifier: Apache-2.0
"""``scoped``: a scope for a block of code, on an existing connection, session or adapter."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import requests
from keystoneauth1.adapter import Adapter
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session
from openstack.connection import Connection

from openstackoid.client.adapter import ScopeAdapter, mount, mounted
from openstackoid.client.choice import Choice, chosen_scope, is_strict, text_of
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.origins import origins_of
from openstackoid.client.pages import TIMEOUT, PageError, base_of, mesh_page
from openstackoid.scope import Scope

_ENTERING = threading.Lock()


@contextmanager
def scoped(
    target: Connection | Session | Adapter,
    scope: str | Mapping[str, str] | None,
    *,
    force: bool = False,
    strict: bool | None = None,
) -> Iterator[None]:
    """Put a scope in force for the block, on every request of ``target``'s session to the cloud's own endpoints.

    ``scope``: JSON, the short form (``image=CloudTwo``) or a mapping; None (or ``"none"``) for no scope. ``force`` asks the
    gateway to allow refused collaborations, ``strict`` to refuse an answer of several clouds that lacks one (None: as outside of
    the block). Blocks nest; the previous scope returns at the end of the block, also after an
    error. The scope belongs to the session, so to all its threads; a second thread cannot open a block meanwhile.

    Raises :class:`ScopeRefusedError` before the block for an invalid scope, and for one that moves ``identity``: the session's
    token is valid in one cloud only. Use :func:`openstackoid.connect` for that.
    """
    session, auth, endpoint = _parts(target)
    connection = target if isinstance(target, Connection) else _connection(session)
    config: Mapping[str, Any] = connection.config.config if connection is not None else {}
    wanted = None if scope is None else chosen_scope({**config, "scope": Choice(text_of(scope), "scoped()")}, {}, "")
    if force and wanted is None:
        raise ScopeRefusedError("scoped(): force needs a scope, and there is none")
    outer = mounted(session.session)
    _keep_identity(session, auth, outer, wanted)
    with ExitStack() as restoring:
        with _ENTERING:
            held = mounted(session.session)
            if held is not None and held.held_by not in (None, threading.get_ident()):
                raise ScopeRefusedError("scoped(): another thread has a scope in force on this session; give each its own")
            restoring.callback(_restore, session.session, _http_adapters(session.session))
            own = origins_of(session, {**config, "endpoint_override": endpoint} if endpoint else config, auth)
            trace = outer.trace if outer is not None else None
            strict = wanted is not None and (_is_strict(config, outer) if strict is None else strict)
            mount(session.session, wanted, own, force=force, strict=strict, trace=trace, held_by=threading.get_ident())
        restoring.enter_context(_fresh_versions([session, session.auth, auth]))
        if connection is not None:
            restoring.enter_context(_fresh_connection(connection, wanted))
        yield


def _is_strict(config: Mapping[str, Any], outer: ScopeAdapter | None) -> bool:
    return is_strict(config) if outer is None or outer.scope is None else outer.strict


def _parts(target: Connection | Session | Adapter) -> tuple[Session, BaseAuthPlugin | None, str | None]:
    """Return the session, and an adapter's replacements of its plugin and its catalog."""
    auth = endpoint = None
    found: object = target.session if isinstance(target, Connection) else target
    while isinstance(found, Adapter):
        auth, endpoint = auth or found.auth, endpoint or found.endpoint_override
        found = found.session
    if not isinstance(found, Session):
        raise TypeError(
            f"scoped() takes an openstack Connection, or a keystoneauth1 Session or Adapter, not {type(target).__name__}"
        )
    return found, auth, endpoint


def _connection(session: Session) -> Connection | None:
    """Return the connection that made the session, which openstacksdk references weakly."""
    connection: Connection | None = getattr(session, "_sdk_connection", None)
    try:
        return connection if connection is not None and connection.config is not None else None
    except ReferenceError:
        return None


def _keep_identity(session: Session, auth: BaseAuthPlugin | None, outer: ScopeAdapter | None, wanted: Scope | None) -> None:
    """Raise :class:`ScopeRefusedError` if tokens would come from another cloud than before.

    If only one of the scopes names a cloud for ``identity`` (or ``*``), the gateway is asked for the home cloud.
    """
    before = _identity(outer.scope if outer is not None else None)
    after = _identity(wanted)
    if before == after:
        return
    url = getattr(auth or session.auth, "auth_url", None)
    if isinstance(url, str) and not (before and after):
        home = _home(session, url)
        if home is not None and (before or home) == (after or home):
            return
    raise ScopeRefusedError(
        f"scoped(): the scope would take tokens from {after or 'the home cloud'} ('identity' or '*'), and here they come from "
        f"{before or 'the home cloud'}; make a connection of its own for that, with openstackoid.connect(scope=...)"
    )


def _identity(scope: Scope | None) -> str:
    return scope.issuer("") if scope is not None else ""


def _home(session: Session, url: str) -> str | None:
    verify = True if session.verify is None else session.verify

    def get(page: str) -> requests.Response:
        return requests.get(page, verify=verify, cert=session.cert, timeout=TIMEOUT, allow_redirects=False)

    try:
        return mesh_page(base_of(url), get).gateway
    except PageError:
        return None


def _http_adapters(session: requests.Session) -> list[tuple[str, Any]]:
    return [(prefix, adapter) for prefix, adapter in session.adapters.items() if prefix.startswith(("http:", "https:"))]


def _restore(session: requests.Session, adapters: list[tuple[str, Any]]) -> None:
    for prefix, adapter in adapters:
        session.mount(prefix, adapter)


@contextmanager
def _fresh_versions(holders: list[object]) -> Iterator[None]:
    """Hide keystoneauth's caches of version documents: their keys are URLs, which are the same for every cloud."""
    caches = [(holder, holder._discovery_cache) for holder in holders if hasattr(holder, "_discovery_cache")]
    for holder, _ in caches:
        holder._discovery_cache = {}
    try:
        yield
    finally:
        for holder, cache in caches:
            holder._discovery_cache = cache


@contextmanager
def _fresh_connection(connection: Connection, scope: Scope | None) -> Iterator[None]:
    """Hide openstacksdk's memory of a cloud: versions, networks, and cached answers."""
    before = {name: value for name, value in vars(connection).items() if name.startswith("_") or name == "cache_enabled"}
    config = connection.config.config
    endpoints = {key: value for key, value in config.items() if key.endswith("_endpoint_override")}
    connection._proxies = {}
    connection._reset_network_caches()
    if scope is not None:
        connection.cache_enabled = False
    try:
        yield
    finally:
        with suppress(ReferenceError):  # the connection of the session may be gone
            for name, value in before.items():
                setattr(connection, name, value)
        for key in [key for key in config if key.endswith("_endpoint_override") and key not in endpoints]:
            del config[key]
        config.update(endpoints)
