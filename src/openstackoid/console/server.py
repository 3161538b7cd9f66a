# SPDX-License-Identifier: Apache-2.0
"""The process of the console: its socket, and its end."""

import asyncio
import ipaddress
import os
import signal
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from openstackoid.console.checks import Checks
from openstackoid.console.errors import ConsoleError
from openstackoid.console.keystone import Keystone, check_authority, keystone_of
from openstackoid.console.pages import Pages, application
from openstackoid.console.security import hosts_of
from openstackoid.console.sessions import Sessions
from openstackoid.console.watch import Watch
from openstackoid.gateway import Folder
from openstackoid.mesh import Descriptions, MeshError
from openstackoid.service_manager import ServiceManager

GRACE = 1.0
"""Seconds for which the console waits for answers under way when it is stopped."""

DEFAULT_ADDRESS, DEFAULT_PORT = "127.0.0.1", 9180


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command.

    ``names``: values of ``Host`` of a proxy in front. ``certificate``: a file with certificate and key, for https. ``keystone``:
    its URL, if it is not the description's; ``authority``: who signs for it. ``roles``: one of them is needed for pages that
    name people.
    """

    cloud: str
    config: Path
    state: Path
    address: str = DEFAULT_ADDRESS
    port: int = DEFAULT_PORT
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    keystone: str | None = None
    authority: str | None = None
    roles: frozenset[str] = frozenset({"admin"})


async def serve(options: Options, say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)) -> None:
    """Serve until SIGTERM or SIGINT. ``say`` gets the address once it accepts. Raises :class:`ConsoleError`."""
    secure = _secure(options)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    folder = Folder(options.state)
    watch = Watch(folder, options.cloud, Descriptions(options.config, folder.cache))
    await _check(options, watch)

    def keystone() -> Keystone:
        return keystone_of(watch.mesh, options.cloud, options.keystone, options.authority)

    pages = Pages(watch, Checks(options.cloud), Sessions(keystone, options.roles), secure=secure is not None)
    runner = web.AppRunner(
        application(pages, hosts_of(options.address, options.port, options.names)), access_log=None, shutdown_timeout=GRACE
    )
    await runner.setup()
    watching = asyncio.create_task(watch.run())
    manager = ServiceManager(os.environ)
    try:
        site = web.TCPSite(runner, options.address, options.port, ssl_context=secure)
        try:
            await site.start()
        except OSError as error:
            raise ConsoleError(f"cannot listen on {options.address}:{options.port}: {error.strerror}", "see --listen") from None
        await watch.begin()
        say(f"the console of {options.cloud} is ready on {site.name}")
        manager.ready(site.name)
        await stop.wait()
    finally:
        watching.cancel()
        await runner.cleanup()


async def _check(options: Options, watch: Watch) -> None:
    """Refuse options that make the console useless. A broken description is none: *Now* shows it, and a person corrects it."""
    check_authority(options.authority)
    if not options.config.exists():
        raise ConsoleError(f"--config {options.config}: a mesh description is accepted, a file or a folder; there is none")
    with suppress(MeshError):
        await asyncio.to_thread(watch.read)


def _secure(options: Options) -> ssl.SSLContext | None:
    if options.certificate is None:
        if not ipaddress.ip_address(options.address).is_loopback:
            hint = "give --certificate FILE, or have ssh -L or a proxy with TLS lead to loopback"
            raise ConsoleError(f"--listen {options.address}: without TLS the console listens on loopback alone", hint)
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(options.certificate)
    except (OSError, ssl.SSLError):
        raise ConsoleError(
            f"--certificate {options.certificate}: a readable PEM file with a certificate and its key is accepted"
        ) from None
    return context
