# SPDX-License-Identifier: Apache-2.0
"""Start one process in its described state, and wait for it."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from openstackoid.lab import databases
from openstackoid.lab.lab import Lab
from openstackoid.lab.processes import Daemon
from openstackoid.lab.state import private_dir
from openstackoid.lab.waiting import PATIENCE, StoppedError, Waiter, answers, not_ready


def ensure_running(lab: Lab, daemon: Daemon) -> bool:
    """Start the process unless it runs as described; restart it when its configuration changed.

    Returns whether it was started now.
    """
    if lab.table.is_current(daemon):
        return False
    lab.table.stop([(daemon.owner, daemon.name)])
    lab.table.start(daemon)
    return True


def alive(lab: Lab, daemon: Daemon, ready: Callable[[], bool]) -> Callable[[], bool]:
    """Return a check that is ``ready`` while the process lives.

    It raises :class:`OpenstackoidError` with the end of the log once the process has died.
    """

    def check() -> bool:
        if lab.table.find(daemon.owner, daemon.name) is None:
            raise not_ready(f"{daemon.owner}: {daemon.name} has stopped", daemon.log)
        return ready()

    return check


def start_database(lab: Lab, waiter: Waiter | None = None) -> databases.Client:
    """Start the lab's MariaDB unless it runs, wait until it answers, and return its administrator's client."""
    directory = private_dir(lab.directory / "mariadb")
    if not (directory / "data").exists():
        databases.create_data(directory, lab.log("shared", "mariadb-install"))
    server = databases.daemon(directory, lab.shared_ports()["mariadb"], lab.log("shared", "mariadb"))
    client = databases.Client(directory)
    ensure_running(lab, server)
    (waiter or Waiter()).until(alive(lab, server, client.is_ready), "MariaDB", server.log, 60)
    return client


def wait_for_answer(lab: Lab, waiter: Waiter, daemon: Daemon, url: str, seconds: float = PATIENCE) -> None:
    """Wait until the server at this URL answers.

    Raises :class:`OpenstackoidError` if its process dies, or it does not answer in time.
    """
    waiter.until(alive(lab, daemon, lambda: answers(url, lab.authority)), f"{daemon.owner}: {daemon.name}", daemon.log, seconds)


def run_parallel(jobs: Sequence[Callable[[], None]], waiter: Waiter) -> None:
    """Run these in parallel; after a failure, stop the others, and raise the first error."""
    if not jobs:
        return
    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            if not all(future.done() and future.exception() is None for future in futures):
                waiter.stop()
    errors = [error for error in (future.exception() for future in futures) if error]
    for error in errors:
        if not isinstance(error, StoppedError):
            raise error
    if errors:
        raise errors[0]
