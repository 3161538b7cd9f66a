# SPDX-License-Identifier: Apache-2.0
"""The whole examples suite, and commands that fail and that say more than they need to: then every file and output is searched.

In a run of all tests, whatever the tests of the lab before did is searched, too.

What is searched for: each password and key of the lab, each token that a client has sent or got (``recording``), and, in what our
own programs write, anything that looks like a token of Keystone's, for services have tokens of their own.
"""

import fnmatch
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from examples.session import BIN, lab_status, openstackoid
from lab.plain_http import ask, frontend
from marked import Found, Marked, family, files, mode_of, read, shown_of, token_like
from openstackoid.lab.secret import MARK
from openstackoid.process_identity import born
from preloaded import PreloadedCommand

# The first test waits for the whole examples suite.
pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).parents[2]
RECORDING = Path(__file__).parent / "recording"

WRONG = f"{MARK}-a-wrong-one-0123456789"

ON_PURPOSE = (
    "clouds.yaml",
    "readers/*.yaml",
    "clouds/*/passwords.json",
    "clouds/*/conf/*",
    "rabbitmq/.erlang.cookie",
    "rabbitmq/definitions.json",
    "certificates/*.key",
    "certificates/Cloud*.pem",
    "gateways/*/certificate.pem",
    "gateways/*/generation-*/certificate.pem",
)
"""Files below the lab's folder that must hold secrets."""

PUBLIC = ("certificates/authority.pem", "clouds/*/conf/swift/*.ring.gz")
"""What every client is to have, and where Swift's storage is."""

OF_SERVICES = ("clouds/*/data/*", "mariadb/data/*", "rabbitmq/data/*", "logs/*")
"""Files of OpenStack's services, MariaDB and RabbitMQ; of the logs, the gateways' are ours."""

OURS = ("logs/*/gateway.log",)


@dataclass
class Played:
    """A run: the folder of the lab, the outputs, the secrets."""

    state: Path
    outputs: Path
    marked: Marked
    gateways: list[psutil.Process]

    def below(self, *patterns: str) -> list[Path]:
        """Return the files of the lab whose paths fit one of these."""
        return [path for path in files([self.state]) if self.fits(path, patterns)]

    def fits(self, path: Path, patterns: tuple[str, ...]) -> bool:
        name = str(path.relative_to(self.state))
        return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


@pytest.fixture(scope="module")
def played(lab: Any, commands: PreloadedCommand, examples_of: Callable[[str], list[str]]) -> Played:
    state, outputs = Path(lab_status()["state_dir"]), commands.outputs
    environment = os.environ | {"PYTHONPATH": str(RECORDING), "OPENSTACKOID_TEST_TOKENS": str(commands.tokens)}
    environment["OS_CLIENT_CONFIG_FILE"] = str(state / "clouds.yaml")

    def run(name: str, *command: str, code: int | None = 0, **more: str) -> None:
        done = subprocess.run(command, env=environment | more, cwd=ROOT, capture_output=True, check=False, timeout=120)
        (outputs / name).write_bytes(done.stdout + done.stderr)
        assert code is None or done.returncode == code, (outputs / name).read_text()

    for role in ("member", "admin"):
        examples_of(role)
    openstack = (str(BIN / "openstack"), "--os-cloud", "CloudOne")
    scope = ("--os-scope", '{"image": "CloudTwo"}')
    run("debug", *openstack, "--debug", "image", "list", *scope)
    run("debug of a log-in abroad", *openstack, "--debug", "image", "list", "--os-scope", '{"*": "CloudTwo"}', code=None)
    run("trace", *openstack, "--trace", "server", "list", *scope)
    run("a wrong password", *openstack, "--debug", "image", "list", code=1, OS_PASSWORD=WRONG)
    run("configuration", *openstack, "configuration", "show")
    run("status", str(BIN / "openstackoid"), "lab", "status")
    mesh = str(state / "mesh.yaml")
    run("render", str(BIN / "openstackoid"), "gateway", "render", "--cloud", "CloudOne", "--config", mesh)
    run("discover", str(BIN / "openstackoid"), "discover", "--name", "New", "--os-cloud", "CloudOne")

    marked = Marked()
    known = [re.split("!SCOPE!|~", line)[0] for line in commands.tokens.read_text().splitlines()]
    for number, token in enumerate(dict.fromkeys(known)):
        marked.new(f"token {number}", token)
    explained = ("explain", "--config", mesh, "--at", "CloudOne", "--header", f"X-Auth-Token: {known[0]}", "GET")
    run("explain", str(BIN / "openstackoid"), *explained, f"{frontend(lab, 'CloudOne')}/image/{known[0]}")
    status, body = ask(f"{frontend(lab, 'CloudOne')}/image/v2/{known[0]}", X_Auth_Token=known[0], X_Scope=known[0])
    assert status == 400
    (outputs / "an answer").write_text(body)
    marked.new("a wrong password", WRONG)
    for path in state.glob("clouds/*/passwords.json"):
        for account, password in json.loads(path.read_text()).items():
            marked.new(f"{path.parent.name}: {account}", password)
    for path in (*state.glob("clouds/*/conf/keystone/*-keys/*"), state / "rabbitmq/.erlang.cookie"):
        marked.new(str(path.relative_to(state)), path.read_text())
    for path in (*state.glob("certificates/*.key"), *state.glob("certificates/Cloud*.pem")):
        (key,) = re.findall("BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)\n-----END", path.read_text(), re.DOTALL)
        # The first line begins as that of every key of this kind, and after these characters the public key begins.
        marked.new(str(path.relative_to(state)), key.splitlines()[1][:24])
    return Played(state, outputs, marked, [born_of(path) for path in sorted(state.glob("run/*+gateway.json"))])


def born_of(record: Path) -> psutil.Process:
    """Return the process that the lab has recorded."""
    process = born(json.loads(record.read_text()))
    assert process is not None
    return process


def test_the_lab_has_secrets_to_search_for(played: Played) -> None:
    """And it is found where it is on purpose, and by whoever reads the file of the recording."""
    names = played.marked.values
    assert len([name for name in names if name.startswith("token ")]) > 50
    assert len([name for name in names if name.startswith("CloudTwo: ")]) > 10
    found = {one.name for one in played.marked.search(played.below("clouds.yaml", "readers/*", "clouds/*/conf/*"))}
    assert {"CloudOne: demo", "CloudTwo: admin", "CloudTwo: reader", "CloudOne: nova", "CloudOne: database"} <= found
    keys = {one.name for one in played.marked.search(played.below("gateways/*/certificate.pem"))}
    assert keys == {"certificates/CloudOne.pem", "certificates/CloudTwo.pem"}


def test_files_of_our_programs_hold_no_secret(played: Played) -> None:
    """Every file of the lab that is neither a service's nor there for the sake of secrets: nothing that looks like a token."""
    known = (*ON_PURPOSE, *OF_SERVICES)
    ours = [path for path in files([played.state]) if not played.fits(path, known) or played.fits(path, OURS)]
    names = {str(path.relative_to(played.state)) for path in ours}
    assert {"mesh.yaml", "lab.json", "logs/CloudOne/gateway.log", "gateways/CloudOne/store.sqlite"} <= names
    assert {"gateways/CloudOne/audit.log", "gateways/CloudTwo/audit.log"} <= names
    assert searched(played, ours) == []


def test_outputs_of_commands_hold_no_secret(played: Played) -> None:
    assert len(list(files([played.outputs]))) > 8
    assert searched(played, [played.outputs]) == []


def test_documents_made_from_runs_hold_no_secret(played: Played) -> None:
    """The documents, some of them made on the lab, and files beside them."""
    assert searched(played, [ROOT / "docs", ROOT / "README.md", ROOT / "examples"]) == []


def test_titles_and_environments(played: Played) -> None:
    """Of our processes, and of the services that the lab has started."""
    processes = [process for gateway in played.gateways for process in family(gateway.pid)]
    assert len(processes) == 4 * len(played.gateways) >= 8
    others = [born_of(path) for path in sorted(played.state.glob("run/*.json"))]
    shown = [pair for process in {*processes, *others} for pair in shown_of(process)]
    assert len(shown) > 30
    assert [found for where, text in shown for found in played.marked.find(text, where) + token_like(text, where)] == []


def test_files_of_the_lab_are_readable_by_their_owner_alone(played: Played) -> None:
    """Each file of the lab is its owner's alone, and those with secrets above all."""
    on_purpose = [path for path in played.below(*ON_PURPOSE) if not played.fits(path, PUBLIC)]
    assert len(on_purpose) > 20
    assert {str(path): oct(mode_of(path)) for path in on_purpose if mode_of(path) not in (0o600, 0o400)} == {}
    # RabbitMQ and MariaDB make sockets and pid files of their own; the folders above them are closed.
    assert mode_of(played.state) == 0o700
    ours = [path for path in files([played.state]) if not played.fits(path, OF_SERVICES) or played.fits(path, OURS)]
    ours = [path for path in ours if not played.fits(path, PUBLIC)]
    assert {str(path): oct(mode_of(path)) for path in ours if mode_of(path) & 0o077} == {}


def test_secrets_in_the_logs_of_services_are_listed(played: Played) -> None:
    """No promise of ours, but checked: the logs of Oslo's libraries, uWSGI, MariaDB and RabbitMQ about requests and errors."""
    logs = [path for path in played.below("logs/*") if not played.fits(path, OURS)]
    assert len(logs) > 10
    found = sorted({(one.name, one.form, str(Path(one.where).relative_to(played.state))) for one in searched(played, logs)})
    for name, form, where in found:
        print(f"{where}: {name} ({form})")
    assert [one for one in found if not one[0].startswith(("token ", "a token"))] == [], "a password or a key"


def searched(played: Played, paths: list[Path]) -> list[Found]:
    return [one for path in files(paths) for one in found_in(played, path)]


def found_in(played: Played, path: Path) -> Iterator[Found]:
    text = read(path)
    yield from played.marked.find(text, str(path))
    yield from token_like(text, str(path))


def test_the_recording_does_not_change_requests(lab: Any) -> None:
    """Without its variable it does nothing."""
    done = subprocess.run(
        [sys.executable, "-c", "import sitecustomize, http.client as h; print(h.parse_headers.__module__)"],
        env={"PYTHONPATH": str(RECORDING), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "http.client"
    assert openstackoid("lab", "status").code == 0
