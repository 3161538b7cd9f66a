# SPDX-License-Identifier: Apache-2.0
"""``A & B`` and ``A | B`` between gateways, where the policy of CloudTwo lets users of CloudOne read networks alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.secure import Secure, secure_world

TOKEN = "gAAAAABm" + "u" * 120
ID = "7472ace0-0000-4000-8000-000000000000"
IMAGES, NETWORKS = "/image/v2/images", "/network/v2.0/networks"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    allowed = "network: [GET /v2.0/networks]"
    with secure_world(tmp_path_factory.mktemp("certificates"), services_two=allowed) as secure:
        secure.recorder.documents = {"images": [{"id": ID}], "networks": [{"id": ID}], "id": ID}
        yield secure


def ask(world: Secure, method: str, path: str, scope: str, **headers: str) -> tuple[int, dict[str, str], Any, list[str]]:
    """Return status, headers and document of the answer, and the services that were asked."""
    told = {"X-Auth-Token": TOKEN, "X-Scope": scope, **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = world.ask("CloudOne", method, path, told)
    return *answer, sorted(seen.server for seen in world.recorder.seen)


@pytest.mark.parametrize("clouds", ["CloudOne & CloudTwo", "CloudTwo & CloudOne"])
def test_a_list_has_the_items_of_the_cloud_that_lets_the_user_in(clouds: str, world: Secure) -> None:
    status, told, document, asked = ask(world, "GET", IMAGES, f"image={clouds}")
    assert (status, told["x-scope-partial"], asked) == (200, "CloudTwo=403", ["image of CloudOne"])
    assert [image["os_scope_cloud"] for image in document["images"]] == ["CloudOne"]
    status, _, document, _ = ask(world, "GET", IMAGES, f"image={clouds}", X_Scope_Strict="true")
    assert (status, "CloudTwo answered 403" in document["error"]["message"]) == (502, True)
    status, told, document, _ = ask(world, "GET", NETWORKS, f"network={clouds}")
    assert (status, "x-scope-partial" in told) == (200, False)
    assert {network["os_scope_cloud"] for network in document["networks"]} == {"CloudOne", "CloudTwo"}


def test_the_refusal_is_in_the_audit_log_of_the_cloud_that_refuses(world: Secure) -> None:
    ask(world, "GET", IMAGES, "image=CloudOne & CloudTwo")
    line = json.loads(Path(world.folders["CloudTwo"], "audit.log").read_text().splitlines()[-1])
    assert (line["service"], line["outcome"], line["status"], line["sender"]) == ("image", "refused", 403, "CloudOne")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_resource_of_the_other_cloud_is_found(method: str, world: Secure) -> None:
    status, _, _, asked = ask(world, method, f"{IMAGES}/{ID}", "image=CloudOne & CloudTwo")
    assert (status, set(asked)) == (200, {"image of CloudOne"})


def test_a_resource_that_may_be_behind_the_refusal_is_refused(world: Secure) -> None:
    world.recorder.statuses["image of CloudOne"] = 404
    try:
        found = [ask(world, method, f"{IMAGES}/{ID[:-1]}1", "image=CloudOne & CloudTwo")[0] for method in ("GET", "DELETE")]
    finally:
        world.recorder.statuses.clear()
    assert found == [403, 403]


@pytest.mark.parametrize(("clouds", "expected"), [("CloudTwo | CloudOne", 403), ("CloudOne | CloudTwo", 200)])
def test_in_turn_the_refusal_is_the_answer(clouds: str, expected: int, world: Secure) -> None:
    for path in (IMAGES, f"{IMAGES}/{ID}"):
        assert ask(world, "GET", path, f"image={clouds}")[0] == expected
