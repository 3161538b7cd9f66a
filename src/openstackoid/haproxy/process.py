# SPDX-License-Identifier: Apache-2.0
"""The HAProxy process: its command, the check of a configuration, and the question for its id."""

import asyncio
import csv
import re
from dataclasses import dataclass
from pathlib import Path

from openstackoid.haproxy.binary import Haproxy, HaproxyError
from openstackoid.routing.backend_names import FRONTEND

CONFIGURATION = "haproxy.cfg"
_MARK = re.compile(r"\[(NOTICE|WARNING|ALERT|EMERG|DIAG)\]\s*(?:\(\d+\))?\s*: (.*)")
_NOISE = ("haproxy version is ", "path to executable is ", "config : Error(s) found in ", "config : Fatal errors found in ")
CONNECTIONS = "show stat -1 1 -1"
"""The command whose answer :func:`connections_in` reads: HAProxy's table of statistics, of frontends alone."""
REQUESTS = "show stat -1 2 -1"
"""The command whose answer :func:`requests_in` reads: HAProxy's table of statistics, of backends alone."""
_PATIENCE = 120.0
_ANSWER_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The HAProxy to replace: its process id and its control socket."""

    pid: int
    stats_socket: Path


def command(haproxy: Haproxy, folder: Path, predecessor: Predecessor | None = None) -> list[str]:
    """Return the command that runs the configuration in ``folder`` in the foreground.

    With a predecessor, the new process takes over its control socket, and then tells it to finish. If the new process cannot
    start, the old one goes on.
    """
    argv = [str(haproxy.path), "-db", "-f", str(folder / CONFIGURATION)]
    if predecessor is not None:
        argv += ["-x", str(predecessor.stats_socket), "-sf", str(predecessor.pid)]
    return argv


def inherited_address(descriptor: int) -> str:
    """Return the address of a socket that HAProxy inherits."""
    return f"fd@{descriptor}"


async def validate(haproxy: Haproxy, folder: Path) -> list[str]:
    """Have HAProxy check the configuration in ``folder`` and return its warnings.

    Raises :class:`HaproxyError` with HAProxy's own complaint, a line for each.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(haproxy.path, "-c", "-f", folder / CONFIGURATION),
            env=haproxy.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise HaproxyError(f"{haproxy.path} cannot be run: {error.strerror}") from None
    try:
        async with asyncio.timeout(_PATIENCE):
            _, stderr = await process.communicate()
    except TimeoutError:
        raise HaproxyError(f"{haproxy.path} did not check the configuration within {_PATIENCE:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = [text for _, text in complaints(stderr.decode(errors="replace"))]
    if process.returncode != 0:
        raise HaproxyError("\n  ".join(["HAProxy refuses the configuration:", *(said or [f"exit code {process.returncode}"])]))
    return said


def complaints(stderr: str) -> list[tuple[str | None, str]]:
    """Return severity (``WARNING``, ``ALERT``..., or None) and text of HAProxy's messages, without the usual ones."""
    said: list[tuple[str | None, str]] = []
    for line in stderr.splitlines():
        match = _MARK.match(line)
        severity, text = (match[1], match[2]) if match else (None, line.strip())
        if text and not text.startswith(_NOISE):
            said.append((severity, text))
    return said


async def serving_pid(stats_socket: Path) -> int | None:
    """Return the id of the process that answers on a control socket, or None.

    HAProxy answers there only once all its listening sockets are bound, so its answer means that every frontend accepts.
    """
    match = re.search(r"^Pid: (\d+)$", await _answer(stats_socket, "show info"), re.MULTILINE)
    return int(match[1]) if match else None


async def connections(stats_socket: Path) -> int:
    """Return the number of connections of clients; 0 if HAProxy does not answer."""
    return connections_in(await _answer(stats_socket, CONNECTIONS))


async def requests_under_way(stats_socket: Path) -> int:
    """Return the number of requests that a backend has or waits to get; 0 if HAProxy does not answer."""
    return requests_in(await _answer(stats_socket, REQUESTS))


def connections_in(answer: str) -> int:
    """Return the number of connections of clients, by the answer to :data:`CONNECTIONS`."""
    return sum(int(row["scur"]) for row in _rows(answer) if row["pxname"] == FRONTEND)


def requests_in(answer: str) -> int:
    """Return the number of requests that a backend has or waits to get, by the answer to :data:`REQUESTS`."""
    return sum(int(row["scur"]) + int(row["qcur"]) for row in _rows(answer))


def _rows(answer: str) -> list[dict[str, str]]:
    return list(csv.DictReader(answer.lstrip("# ").splitlines()))


async def _answer(stats_socket: Path, command: str) -> str:
    """Return HAProxy's answer to a command, empty for none."""
    try:
        async with asyncio.timeout(_ANSWER_PATIENCE):
            reader, writer = await asyncio.open_unix_connection(stats_socket)
            try:
                writer.write(f"{command}\n".encode())
                return (await reader.read()).decode(errors="replace")
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError):
        return ""
