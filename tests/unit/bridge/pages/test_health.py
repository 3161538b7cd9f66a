# SPDX-License-Identifier: Apache-2.0
"""From HAProxy's table of servers to the health of clouds and services."""

from pathlib import Path

import pytest

from conformance.clouds import three_clouds
from openstackoid.bridge.pages import health
from openstackoid.bridge.pages.health import Health, mesh_page, states
from openstackoid.bridge.pages.runtime_api import RuntimeApi, RuntimeApiError
from openstackoid.routing.backend_names import local_backend
from unit.bridge.stage import played

MESH = three_clouds()
HEADER = "# pxname,svname,status,check_status,last_chk\n"


def table(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows) + "\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("UP,L7OK,", "up"),
        ("UP 1/2,* L7TOUT,", "up"),
        ("NOLB,L7OK,", "up"),
        ("DRAIN,L7OK,", "up"),
        ("DOWN,L4CON,", "down"),
        ("DOWN 1/2,L7OK,", "down"),
        ("MAINT,,", "down"),
        ("UP,INI,", "unknown"),
        ("UP,* INI,", "unknown"),
        ("no check,,", "unknown"),
    ],
)
def test_the_state_of_a_server(row: str, expected: str) -> None:
    assert states(table(f"local.image.public,s1,{row}")) == {"local.image.public": expected}


def test_one_of_several_is_enough() -> None:
    rows = [f"local.image.public,s{number},{state}," for number, state in enumerate(("DOWN,L4CON", "UP,L7OK", "UP,INI"))]
    assert states(table(*rows)) == {"local.image.public": "up"}
    assert states(table(rows[0], rows[2])) == {"local.image.public": "unknown"}


@pytest.mark.parametrize("answer", ["", "\n", "Permission denied\n", "Unknown command: 'show'\n", "# pxname\nx\n", "a,b\n,\n"])
def test_an_answer_without_a_table_has_no_states(answer: str) -> None:
    assert states(answer) == {}


PEERS = {"CloudTwo": "up", "Cloud-3.b": "down"}


def all_backends() -> dict[str, str]:
    return {local_backend(endpoint): "up" for endpoint in MESH.clouds["CloudOne"].endpoints}


def clouds(found: dict[str, str], peers: dict[str, str]) -> dict[str, str]:
    return {cloud["name"]: cloud["health"] for cloud in mesh_page(MESH, "CloudOne", found, peers)["clouds"]}


def test_a_cloud_is_as_well_as_its_services() -> None:
    found = all_backends()
    assert clouds(found, PEERS) == {"CloudOne": "up", "Cloud-3.b": "down", "CloudTwo": "up"}
    found["local.compute.public"] = "down"
    assert clouds(found, PEERS) == {"CloudOne": "partly", "Cloud-3.b": "down", "CloudTwo": "up"}


def test_a_peers_services_are_as_well_as_its_gateway() -> None:
    page = mesh_page(MESH, "CloudOne", {}, PEERS)
    assert {service["health"] for service in page["clouds"][1]["services"]} == {"down"}
    assert {service["type"] for service in page["clouds"][1]["services"]} == MESH.clouds["Cloud-3.b"].services


def test_a_missing_state_is_unknown() -> None:
    assert clouds({}, {}) == {"CloudOne": "unknown", "Cloud-3.b": "unknown", "CloudTwo": "unknown"}
    services = mesh_page(MESH, "CloudOne", {}, {})["clouds"][0]["services"]
    assert {service["health"] for service in services} == {"unknown"}


def test_the_page_begins_with_home_and_uses_official_names() -> None:
    page = mesh_page(MESH, "CloudOne", all_backends(), PEERS)
    assert page["gateway"] == "CloudOne"
    assert [(cloud["name"], cloud["home"]) for cloud in page["clouds"]] == [
        ("CloudOne", True),
        ("Cloud-3.b", False),
        ("CloudTwo", False),
    ]
    assert "block-storage" in [service["type"] for service in page["clouds"][0]["services"]]


class Told(RuntimeApi):
    """An HAProxy that counts how often it is asked, and answers or fails."""

    def __init__(self, answer: str | None) -> None:
        super().__init__(Path("/nowhere"))
        self.answer = answer
        self.asked: list[str] = []

    async def command(self, text: str) -> str:
        self.asked.append(text)
        if self.answer is None:
            raise RuntimeApiError("HAProxy is away")
        return self.answer


@played
async def test_haproxy_is_asked_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Told(table("local.image.public,s1,UP,L7OK,"))
    asking = Health(api)
    assert await asking.states() == await asking.states() == {"local.image.public": "up"}
    assert len(api.asked) == 1
    monkeypatch.setattr(health, "FRESH", 0.0)
    again = Health(api)
    await again.states()
    await again.states()
    assert len(api.asked) == 3


@played
async def test_an_haproxy_that_is_away_leaves_it_unknown(caplog: pytest.LogCaptureFixture) -> None:
    assert await Health(Told(None)).states() == {}
    assert "the health of services is not known: HAProxy is away" in caplog.text
    assert await Health().states() == {}
