# SPDX-License-Identifier: Apache-2.0
"""``openstackoid status`` names the part that is down: this gateway, a service, or a peer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from openstackoid.gateway.status import Facts, Status, judged
from openstackoid.gateway.status_items import Item
from openstackoid.telemetry import PEER, PeerAnswer
from unit.gateway.running import PATIENCE, Gateway, free_port, service
from waiting import until


def status(gateway: Gateway, *more: str) -> tuple[int, str]:
    words = ["status", "--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state), *more]
    command = [sys.executable, "-m", "openstackoid", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=os.environ | {"COLUMNS": "200"}
    )
    return done.returncode, done.stdout + done.stderr


def told(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(status(gateway, "--json")[1])
    return found


def state(gateway: Gateway, name: str) -> str:
    return str(next(item["state"] for item in told(gateway)["items"] if item["name"] == name))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with service() as backend, service() as peer:
        gateway = Gateway(tmp_path_factory.mktemp("status"), free_port(), backend)
        gateway.config.write_text(gateway.config.read_text().replace("127.0.0.1:9/", f"127.0.0.1:{peer}/"))
        gateway.start()
        yield gateway
        gateway.stop()


def test_nothing_is_down(gateway: Gateway) -> None:
    until(lambda: state(gateway, "image") == "up")
    code, text = status(gateway)
    assert code == 0, text
    assert text.startswith("CloudOne: up\n")
    found = told(gateway)
    assert (found["down"], found["code"]) == ([], 0)
    names = [(item["of"], item["name"]) for item in found["items"] if item["state"] == "up"]
    assert ("gateway", "HAProxy") in names
    assert ("gateway", "Python service") in names
    assert ("service", "image") in names
    assert ("peer", "CloudTwo") in names


def test_a_broken_description_is_the_gateways(gateway: Gateway) -> None:
    good = gateway.config.read_text()
    gateway.config.write_text(good.replace("mesh: 1", "mesh: 1\nshared: [{service: image, clouds: [CloudOne, CloudNine]}]"))
    gateway.hang_up()
    gateway.wait_for("goes on with the description that it has")
    # The command reads the description as well. It may also be another one.
    sound = gateway.config.with_name("sound.yaml")
    sound.write_text(good)
    for file in (gateway.config, sound):
        code, text = status(gateway, "--config", str(file))
        assert (code, "down: this gateway (description)" in text, "CloudNine" in text) == (1, True, True)
    assert status(gateway, "--config", f"{sound}.missing")[0] == 2
    gateway.config.write_text(good)
    gateway.hang_up()
    until(lambda: status(gateway)[0] == 0)


def test_a_dead_peer_is_the_peers(gateway: Gateway) -> None:
    good = gateway.config.read_text()
    gateway.config.write_text(
        good.replace(
            'CloudTwo:\n    services:\n      image: {frontend: "http://127.0.0.1:',
            'CloudTwo:\n    services:\n      image: {frontend: "http://127.0.0.2:',
        )
    )
    gateway.hang_up()
    gateway.wait_for("has reloaded")
    until(lambda: told(gateway)["down"] == ["peer"])
    said = status(gateway)[1]
    assert "down: peer (CloudTwo)" in said
    check = "openstackoid peer check CloudTwo --cloud CloudOne --config FILE"
    assert f"do, for peer (CloudTwo): {check} names the step that fails; then tell its operator" in said
    gateway.config.write_text(good)
    gateway.hang_up()
    until(lambda: told(gateway)["down"] == [])


def test_a_dead_part_is_the_gateways(gateway: Gateway) -> None:
    part = gateway.parts()["bridge"].pid
    os.kill(part, signal.SIGSTOP)
    try:
        code, text = status(gateway)
        assert (code, "down: this gateway (Python service)" in text) == (1, True), text
    finally:
        os.kill(part, signal.SIGCONT)


def test_no_gateway_is_the_gateways(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, 1, 1)
    code, text = status(gateway)
    assert (code, "down: this gateway (gateway)" in text, f"no gateway runs in {gateway.state}" in text) == (1, True, True)


def test_what_is_not_known_has_a_code_of_its_own() -> None:
    assert Status("CloudOne", (Item("gateway", "HAProxy", "unknown"),)).code == 2
    assert Status("CloudOne", (Item("peer", "CloudTwo", "unknown"), Item("service", "image", "up"))).code == 0
    assert Status("CloudOne", (Item("service", "image", "down"), Item("gateway", "HAProxy", "unknown"))).code == 1


def facts(**told: Any) -> Facts:
    """Return the facts of a gateway with nothing wrong, changed by ``told`` of the Python service."""
    clouds = [
        {"name": "CloudOne", "home": True, "health": "up", "services": [{"type": "identity", "health": "up"}]},
        *({"name": name, "home": False, "health": "up", "services": []} for name in ("CloudTwo", "CloudThree")),
    ]
    page = {"store": "up", "audit": {"state": "up"}, "clouds": clouds, "checks": {"identity": 0.01}}
    return Facts(Path("/state"), running=True, haproxy=True, told=page | told)


def test_a_blocked_peer_is_told_while_the_python_service_is_away() -> None:
    found = judged("CloudOne", replace(facts(), told=None, blocked=frozenset({"CloudTwo"})), 0.0)
    (blocked,) = (item for item in found.items if item.of == PEER)
    assert (blocked.name, blocked.state, blocked.todo) == (
        "CloudTwo",
        "blocked",
        "to end the block: openstackoid peer unblock CloudTwo --cloud CloudOne --config FILE",
    )


def peers(**answers: PeerAnswer) -> dict[str, Any]:
    return {name: asdict(answer) for name, answer in answers.items()}


GOOD = PeerAnswer(True, same=True, ahead=0.0)


@pytest.mark.parametrize(
    ("told", "word", "culprits", "detail"),
    [
        ({}, "up", (), ""),
        ({"checks": {"identity": 2.5}}, "warning", ("service (identity)",), "slow: HAProxy's check of it takes 2.5 s"),
        (
            {"tokens": {"asked": 9, "slow": 5}},
            "warning",
            ("service (identity)",),
            "slow for tokens: of 9 questions in 10 s, 5 took 1 s or longer",
        ),
        ({"tokens": {"asked": 4, "slow": 4}}, "up", (), ""),
        ({"tokens": {"asked": 10, "slow": 5}}, "up", (), ""),
        ({"audit": {"state": "low"}}, "down", ("this gateway (audit log)",), "the disk has no space for its reserve"),
        ({"peers": peers(CloudTwo=PeerAnswer(False, "it is away"))}, "down", ("peer (CloudTwo)",), "it is away"),
        (
            {"peers": peers(CloudTwo=PeerAnswer(True, same=False, ahead=0))},
            "warning",
            ("peer (CloudTwo)",),
            "it has another description of the clouds",
        ),
        (
            {"peers": peers(CloudTwo=PeerAnswer(True, ahead=-60), CloudThree=GOOD)},
            "warning",
            ("peer (CloudTwo)",),
            "its clock and this one differ by 60 s",
        ),
        (
            {"peers": peers(CloudTwo=PeerAnswer(True, ahead=-60), CloudThree=PeerAnswer(True, ahead=-61))},
            "warning",
            ("this gateway (clock)",),
            "it differs from those of most peers",
        ),
        (
            {"peers": peers(CloudTwo=PeerAnswer(False, "it is away", age=15))},
            "down",
            ("peer (CloudTwo)",),
            "it is away, asked 15 s ago",
        ),
        ({"peers": peers(CloudTwo=PeerAnswer(True, "answers 503"))}, "warning", ("peer (CloudTwo)",), "its gateway answers 503"),
    ],
)
def test_the_culprit_is_named(told: dict[str, Any], word: str, culprits: tuple[str, ...], detail: str) -> None:
    found = judged("CloudOne", facts(**told), 0)
    assert (found.word, found.culprits) == (word, culprits)
    assert [item.detail for item in found.at_fault] == ([detail] if detail else [])
    assert found.code == (1 if word == "down" else 0)
    assert all(item.todo for item in found.at_fault)


def test_an_old_answer_of_a_peer_has_its_age() -> None:
    found = judged("CloudOne", facts(peers=peers(CloudTwo=replace(GOOD, age=14.9), CloudThree=replace(GOOD, age=61.2))), 0)
    told = [(item.name, item.state, item.detail) for item in found.items if item.of == PEER]
    assert told == [("CloudTwo", "up", ""), ("CloudThree", "up", "asked 61 s ago")]


@pytest.mark.parametrize("audit", ["low", "down"])
def test_a_full_disk_is_named_by_the_audit_log_alone_and_the_store_follows(audit: str) -> None:
    page = {"store": "down", "audit": {"state": audit}}
    found = judged("CloudOne", replace(facts(**page), one_disk=True), 0)
    assert (found.culprits, found.code) == (("this gateway (audit log)",), 1)
    assert found.document()["at_fault"] == [{"of": "gateway", "name": "audit log"}]
    (store,) = (item for item in found.items if item.name == "store")
    assert (store.state, store.follows, store.todo) == ("down", "audit log", "free some space on the disk of the audit log now")
    assert judged("CloudOne", facts(**page), 0).culprits == ("this gateway (store)", "this gateway (audit log)")
    healthy = replace(facts(store="down"), one_disk=True)
    assert judged("CloudOne", healthy, 0).culprits == ("this gateway (store)",)


def test_a_part_that_has_died_three_times_in_a_minute_is_down() -> None:
    now = 1000.0
    for times, word in (([990, 980, 970], "down"), ([990, 980, 900], "warning"), ([50], "up")):
        supervised = {"deaths": {"python": times}, "restarts": {"python": len(times)}, "reload": {"fault": None}}
        assert judged("CloudOne", replace(facts(), supervised=supervised), now).word == word


def test_a_part_that_has_died_once_has_a_warning() -> None:
    supervised = {"deaths": {"python": [50, 200, 990]}, "restarts": {"python": 2}, "reload": {"fault": None}}
    found = judged("CloudOne", replace(facts(), supervised=supervised), 1000.0)
    assert (found.word, found.culprits, found.code) == ("warning", ("this gateway (Python service)",), 0)
    (item,) = found.at_fault
    assert item.detail == "deaths in 15 minutes: 2, the last 10 s ago"
    assert item.todo == "journalctl -u openstackoid-gateway@CloudOne has its last lines"


def test_a_description_that_the_command_cannot_read_is_the_gateways() -> None:
    found = judged("CloudOne", replace(facts(), broken="line 3"), 0)
    assert (found.culprits, found.at_fault[0].detail) == (("this gateway (description)",), "an earlier one runs: line 3")
