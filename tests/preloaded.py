# SPDX-License-Identifier: Apache-2.0
"""Run the stock `openstack` command in a process that has imported it already and forks for each command.

Importing takes most of the time of a short command. A child runs `openstackclient.shell.main` with its own arguments,
environment and outputs, as the installed script does. Where it waits between two looks at a resource (up to five seconds), it
waits for a shorter time here.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

from examples.session import COMMAND_TIMEOUT, TIMED_OUT, Outcome

_TESTS = Path(__file__).parent
_LONGEST = 1 << 16
"""The bytes of one message: arguments and environment of a command."""
_PAUSE = 0.5
"""The seconds that a command waits at most before it looks again."""


class PreloadedCommand:
    """Run commands in the forking process behind a socket. Threads may share it.

    The folder has the file ``tokens``, with each token that a command sent or got, and ``outputs`` has what they
    printed, but for new tokens that were asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.tokens = folder / "tokens"
        self.outputs = folder / "outputs"
        self._address = str(folder / "socket")

    def __call__(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path | None = None, stdin: str = ""
    ) -> Outcome:
        """Run `openstack` with the arguments in the folder; kill the command that does not end in time."""
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection,
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
        ):
            given.write(stdin.encode())
            given.seek(0)
            connection.connect(self._address)
            place = str(folder or Path.cwd())
            request = json.dumps({"arguments": list(arguments), "environment": dict(environment), "folder": place})
            socket.send_fds(connection, [request.encode()], [given.fileno(), output.fileno(), errors.fileno()])
            pid = int(connection.recv(_LONGEST))
            connection.settimeout(COMMAND_TIMEOUT)
            try:
                answer = connection.recv(_LONGEST)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                return TIMED_OUT
            for file in (output, errors):
                file.seek(0)
            # A child that is killed, or crashes, says nothing.
            outcome = Outcome(int(answer or -1), output.read().decode(), errors.read().decode())
        if outcome.code or not {"token", "issue"} <= set(arguments):
            self._keep(outcome)
        return outcome

    def _keep(self, outcome: Outcome) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.outputs, encoding="utf-8", delete=False) as file:
            file.write(f"{outcome.stdout}\n{outcome.stderr}")


@contextmanager
def preloaded(folder: Path) -> Iterator[PreloadedCommand]:
    """Start the process that forks, and yield the way to run commands in it; it ends with the block."""
    command = PreloadedCommand(folder)
    command.outputs.mkdir()
    modules = [str(_TESTS / "lab" / "recording"), str(_TESTS), str(_TESTS.parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(modules), "OPENSTACKOID_TEST_TOKENS": str(command.tokens)}
    program = [sys.executable, "-m", "preloaded", str(folder / "socket")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n", "the process that runs the openstack commands did not start"
            yield command
        finally:
            process.terminate()


def _serve(listener: socket.socket) -> None:
    """Fork for each connection. The kernel reaps the children: their exit codes go over their connections."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(_run(connection))
        connection.close()


def _run(connection: socket.socket) -> int:
    """Run the command that the connection asks for, in this process."""
    from openstackclient import shell  # noqa: PLC0415 -- imported by the parent, once

    message, files, _, _ = socket.recv_fds(connection, _LONGEST, 3)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    request = json.loads(message)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(float(seconds), _PAUSE))
    sys.argv = ["openstack", *request["arguments"]]
    connection.send(str(os.getpid()).encode())
    try:
        code = shell.main(request["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    sys.stdout.flush()
    sys.stderr.flush()
    connection.send(str(code).encode())
    return 0


def _main(address: str) -> None:
    # The command takes its name from there when it is imported.
    sys.argv = ["openstack"]
    for group in entry_points().groups:
        if group.startswith("openstack."):
            for entry in entry_points(group=group):
                entry.load()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        _serve(listener)


if __name__ == "__main__":
    _main(sys.argv[1])
