# SPDX-License-Identifier: Apache-2.0
"""The process: its unix sockets, its signals, and the reload of the mesh."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from aiohttp import web

from openstackoid.binding import repository_of
from openstackoid.bridge.audit.audit_file import Audit, AuditError
from openstackoid.bridge.audit.losses import Losses
from openstackoid.bridge.audit.maintenance import AuditMaintenance
from openstackoid.bridge.binding.delegated_uses import DelegatedUses
from openstackoid.bridge.binding.shared_keys import SharedKeys
from openstackoid.bridge.haproxy_log import start_reading
from openstackoid.bridge.http.app import Bridge
from openstackoid.bridge.http.connection import Server
from openstackoid.bridge.http.ending import appears, wait_for_end, with_signals
from openstackoid.bridge.http.garbage import set_aside
from openstackoid.bridge.http.sockets import BridgeError, Sockets
from openstackoid.bridge.identity.keystone_reader import readers_of
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.identity.token_store import TokenStore
from openstackoid.bridge.log import LOG
from openstackoid.bridge.message.verbatim import LIMITS, server_request
from openstackoid.bridge.pages.health import Health
from openstackoid.bridge.pages.operators import OperatorsPages
from openstackoid.bridge.pages.peer_watch import PeerWatch
from openstackoid.bridge.pages.runtime_api import RuntimeApi
from openstackoid.bridge.telemetry.log_process import LogProcess
from openstackoid.bridge.telemetry.page import MetricsPage
from openstackoid.bridge.telemetry.state import GatewayState
from openstackoid.bridge.trace.export import SpanExport
from openstackoid.bridge.trace.haproxy_lines import Lines, record_of_line
from openstackoid.bridge.trace.records import Records
from openstackoid.bridge.upstream.target import target_of
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.bridge.workflows import Workflows
from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import DatabaseServer, Mesh, MeshError, check_tls, load_mesh, load_readers, some_of, with_blocked
from openstackoid.routing import IDENTITY, TOKENS_PATH
from openstackoid.service_manager import ServiceManager
from openstackoid.store import Store, database_of
from openstackoid.telemetry import SLOW_ANSWER, TokenAnswers

GRACE = 3.0
"""Seconds for running requests at the end of the process."""


def serve_with_log(
    at: str,
    file: Path,
    sockets: Sockets,
    *,
    audit_log: Path | None = None,
    log_pipe: int | None = None,
    **more: Any,
) -> None:
    """Serve the gateway of the cloud ``at``, and read HAProxy's log if ``sockets`` has a socket for it.

    ``audit_log``: the file of the audit log. ``log_pipe``: the descriptor of a pipe with HAProxy's log instead of the socket.
    Other arguments and errors as for :func:`serve`.
    """
    reader, losses = None, Losses()
    here, there = socket.socketpair()
    if log_pipe is not None:
        try:
            os.set_blocking(log_pipe, False)
        except OSError as error:
            raise BridgeError(f"--log-fd {log_pipe}: {error.strerror}") from None
        reader = start_reading(log_pipe, at, audit_log, sockets.haproxy, losses, metrics=there)
    elif sockets.log is not None:
        log = sockets.log.open(socket.SOCK_DGRAM).detach()
        reader = start_reading(log, at, audit_log, sockets.haproxy, losses, metrics=there)
    there.close()
    log_process = LogProcess(None if reader is None else here)
    try:
        audit = Audit(audit_log)
        asyncio.run(serve(at, file, sockets, audit=audit, losses=losses, log_reader=reader, log_process=log_process, **more))
    finally:
        if reader is not None:
            reader.terminate()
            reader.join(GRACE)
        if sockets.log is not None:
            sockets.log.remove()


async def serve(
    at: str,
    file: Path,
    sockets: Sockets,
    *,
    store_file: Path | None = None,
    keys: Path | None = None,
    audit: Audit | None = None,
    losses: Losses | None = None,
    log_reader: BaseProcess | None = None,
    log_process: LogProcess | None = None,
    supervised: Path | None = None,
    blocked: Path | None = None,
    stop_on_eof: bool = False,
    wait: bool = False,
    manager: ServiceManager | None = None,
) -> None:
    """Serve the gateway of the cloud ``at`` on its unix sockets until SIGTERM, or SIGINT.

    SIGHUP reloads ``file`` and the reader accounts; unusable ones are ignored. ``store_file``: the store's file, if the mesh
    names no database. ``keys``: the folder of the keys of bound tokens, if the mesh names none. ``audit``: the audit log.
    ``losses``: the count of its missing lines. ``log_reader``: the process that reads HAProxy's log; ``log_process`` asks it for
    its numbers. ``supervised``, ``blocked``: the files about the parts, and of blocked clouds. ``stop_on_eof``: also end with
    standard input, so with the parent. ``wait``: begin once the file exists. ``manager``: for a process without a supervisor,
    whose state it is told; then requests finish at the end for as long as ``drain`` in the description says.

    Raises :class:`BridgeError`, :class:`~openstackoid.mesh.MeshError`, :class:`~openstackoid.binding.KeysError` or
    :class:`~openstackoid.store.StoreError`.
    """
    stop, reload = asyncio.Event(), asyncio.Event()
    # Before the socket accepts: a program that sees it accept may send a signal.
    with_signals(stop, reload, stop_on_eof=stop_on_eof)
    if wait and not await appears(file, stop):
        return
    mesh = load_cloud(file, at, blocked)
    repository = repository_of(mesh.clouds[at].bound_tokens.keys, keys)
    store = await _opened_store(mesh.clouds[at].store, store_file)
    # That of the records first: a client that sees the other accept may send a traced request.
    receiving = sockets.records.open(socket.SOCK_DGRAM) if sockets.records else None
    listening = sockets.requests.open()
    upstream, export = Upstream(at, sockets.upstream), SpanExport(at, lambda: bridge.context.here.traces)
    audit, losses, log_process = audit or Audit(None), losses or Losses(), log_process or LogProcess(None)
    records, maintenance = Records(export=export.add), AuditMaintenance(audit, losses, mesh.clouds[at].audit)
    workflows, tokens, shared_keys = Workflows(store), TokenStore(store), SharedKeys(store, repository)
    health = Health(
        RuntimeApi(sockets.haproxy) if sockets.haproxy else None,
        maintenance.document,
        shared_keys.state,
        DelegatedUses(log_process.delegated),
    )
    bridge = Bridge(
        mesh,
        upstream,
        records=records,
        health=health,
        workflows=workflows,
        audit=audit,
        tokens=tokens,
        keys=repository,
    )
    # The supervisor does not start with such files. A bridge that is restarted later serves without them.
    try:
        bridge.reload(mesh, _readers(mesh, upstream))
    except OpenstackoidError as error:
        LOG.error("no reader account is used: %s", error)
    lines = _record_lines(receiving, bridge, records) if receiving else None
    # aiohttp waits this long twice: for running requests, and for those that it has cancelled.
    runner = web.ServerRunner(http_server(bridge), shutdown_timeout=GRACE / 2)
    token_answers = partial(_token_answers, log_process, bridge)
    pages = OperatorsPages(at, lambda: bridge.context.mesh, bridge.operators_page, health, PeerWatch(upstream), token_answers)
    state = GatewayState(
        at,
        lambda: bridge.context.mesh,
        lambda: bridge.under_way,
        lambda: len(workflows),
        losses,
        supervised,
        peers=pages.peers,
        audit=lambda: maintenance.state,
    )
    metrics = MetricsPage(state, log_process, sockets.metrics.open if sockets.metrics else None, pages.answer, token_answers)
    running = [
        _keep_current(bridge, (file, blocked), reload, maintenance),
        maintenance.run(),
        upstream.kept.run(),
        pages.watch.run(),
        export.run(),
        *([shared_keys.run()] if mesh.clouds[at].store else []),
    ]
    tasks = [asyncio.create_task(one) for one in running]
    try:
        await metrics.start()
        await runner.setup()
        await (site := web.SockSite(runner, listening, backlog=1024)).start()
        LOG.info("bridge of %s serves %d clouds", at, len(mesh.clouds))
        if manager is not None:
            manager.ready(f"{len(mesh.clouds)} clouds")
        await wait_for_end(stop, log_reader)
        LOG.info("bridge of %s ends", at)
        if manager is not None:
            await _drain(bridge, site, manager)
    finally:
        for task in tasks:
            task.cancel()
        sockets.remove()
        if lines is not None:
            lines.close()
        await metrics.close()
        await runner.cleanup()
        await upstream.close()
        await store.close()
        with contextlib.suppress(AuditError):
            audit.flush(all_sums=True)


async def _opened_store(server: DatabaseServer | None, file: Path | None) -> Store:
    store = Store(database_of(server.url if server else None, server.password if server else None, file))
    await store.open()
    return store


async def _token_answers(log_process: LogProcess, bridge: Bridge) -> TokenAnswers:
    """Return the questions about tokens that the Keystone here answered lately, and those of this process that wait too long."""
    answered = await log_process.token_answers()
    return answered.with_waiting(bridge.context.authorizer.validator.late(SLOW_ANSWER))


async def _drain(bridge: Bridge, site: web.SockSite, manager: ServiceManager) -> None:
    """Accept no more connections, and let requests finish: aiohttp's own wait drops the rest of a body."""
    longest = bridge.context.here.drain.longest
    manager.stopping(longest, "requests finish")
    await site.stop()
    await bridge.finish(longest)


def _record_lines(receiving: socket.socket, bridge: Bridge, records: Records) -> Lines:
    """Record each line of HAProxy about a traced request."""

    def take(line: bytes) -> None:
        found = record_of_line(line, bridge.context.mesh, bridge.context.here.name)
        if found is not None:
            records.add(*found)

    return Lines(receiving, take)


def load_cloud(file: Path, at: str, blocked: Path | None = None) -> Mesh:
    """Return the mesh in ``file``, which must have the cloud ``at``. Raises :class:`~openstackoid.mesh.MeshError`.

    ``blocked``: the file of blocked clouds.
    """
    mesh = with_blocked(load_mesh(file), blocked)
    if at not in mesh.clouds:
        raise MeshError(f"{file}: no cloud '{at}' is described; described are: {some_of(mesh.clouds)}")
    check_tls(mesh, at)
    return mesh


def _readers(mesh: Mesh, upstream: Upstream) -> Mapping[str, Reader]:
    here = mesh.clouds[upstream.at]
    identity = None if here.validator is None else here.endpoint(IDENTITY, "public")
    own = None if identity is None else target_of(mesh, here.name, identity, identity.frontend.prefix + TOKENS_PATH)
    return readers_of(load_readers(mesh, here.name), upstream, here.timeouts, secure=here.tls is not None, own=own)


def http_server(bridge: Bridge) -> web.Server:
    """Return aiohttp's low-level server: no router, no decoding, room for HAProxy's largest header."""
    return Server(
        bridge.handle,
        request_factory=server_request,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        tcp_keepalive=False,
        **LIMITS,
    )


async def _keep_current(
    bridge: Bridge, files: tuple[Path, Path | None], reload: asyncio.Event, maintenance: AuditMaintenance
) -> None:
    """Reload the mesh on request; keep the old one if the file is unusable. Each mesh is left out of later collections."""
    upstream = bridge.context.upstream
    at = upstream.at
    while True:
        set_aside()
        await reload.wait()
        reload.clear()
        try:
            mesh = await asyncio.to_thread(load_cloud, files[0], at, files[1])
            readers = await asyncio.to_thread(_readers, mesh, upstream)
        except OpenstackoidError as error:
            LOG.error("the mesh stays as it was: %s", error)
        else:
            if mesh.clouds[at].store != bridge.context.here.store:
                LOG.warning("gateway.store has changed: restart the gateway to use the new store")
            maintenance.settings = mesh.clouds[at].audit
            bridge.reload(mesh, readers)
            LOG.info("the mesh was read again: %d clouds", len(mesh.clouds))
