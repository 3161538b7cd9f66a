# SPDX-License-Identifier: Apache-2.0
"""CloudTwo's Glance a second time, beside the first one and with other options, and a mesh whose images it serves."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from examples.coverage import Lab
from lab.glances import free_port
from leftovers import mark

_PATIENCE = 180


def glance(lab: Lab) -> str:
    """Return the address of CloudTwo's Glance."""
    endpoint = lab.mesh.clouds["CloudTwo"].endpoint("image", "public")
    assert endpoint is not None
    return endpoint.backends[0].url()


def served_by(address: str) -> Callable[[dict[str, Any]], None]:
    """Return the change by which CloudTwo's operator has another server serve images."""
    return lambda mesh: mesh["clouds"]["CloudTwo"]["services"]["image"].update(backend=address)


@contextmanager
def glance_again(lab: Lab, conf: Path, change: Callable[[Path], None]) -> Iterator[str]:
    """Run CloudTwo's Glance with a changed copy of its configuration in ``conf``; yield its address."""
    file = str(lab.state / "clouds/CloudTwo/conf/glance/uwsgi.ini")
    running = next(process for process in psutil.process_iter() if _line(process)[-1:] == [file])
    command, environment = running.cmdline(), running.environ()
    shutil.copytree(environment["OS_GLANCE_CONFIG_DIR"], conf)
    change(conf)
    old, address = glance(lab).removeprefix("http://"), f"127.0.0.1:{free_port()}"
    ini = (conf / "uwsgi.ini").read_text()
    assert old in ini
    (conf / "uwsgi.ini").write_text(ini.replace(old, address))
    environment = mark(environment | {"OS_GLANCE_CONFIG_DIR": str(conf)})
    process = subprocess.Popen([*command[:-1], str(conf / "uwsgi.ini")], env=environment, cwd=running.cwd())
    try:
        _wait_for(f"http://{address}")
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait(30)


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            requests.get(address, timeout=60)
        except requests.RequestException:
            assert time.monotonic() < deadline, "Glance does not start"
            time.sleep(0.5)
        else:
            return
