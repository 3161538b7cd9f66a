# SPDX-License-Identifier: Apache-2.0
"""CloudTwo's operator reads all that CloudTwo's services are sent, and finds no token of CloudOne."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from examples.coverage import Lab
from examples.session import User
from lab.found_tokens import forms, owners
from lab.meaning import World, marked
from lab.recorder import Recorder
from lab.tokens import service_token

IMAGE_THERE = '{"image":"CloudTwo"}'


@pytest.fixture(scope="module")
def clouds(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("service-tokens"))


@contextmanager
def recorded(clouds: Lab, relays: ExitStack) -> Iterator[Recorder]:
    """Have the services of both clouds recorded."""
    recorder = Recorder()
    relays.callback(recorder.close)
    with clouds.described(recorder.describe):
        yield recorder


def test_a_boot_from_the_other_clouds_image_shows_it_no_token(world: World, clouds: Lab, one: User, relays: ExitStack) -> None:
    with recorded(clouds, relays) as recorder:
        boot = ("server", "create", "--flavor", "m1.tiny", "--image", "cirros", "--network", "lab", "--wait", "recorded")
        created = one.openstack(*boot, scope=IMAGE_THERE)
        deleted = one.openstack("server", "delete", "--wait", "recorded", scope=IMAGE_THERE)
    assert (created.code, deleted.code) == (0, 0), created.stderr + deleted.stderr
    here, there = recorder.of("CloudOne"), recorder.of("CloudTwo")
    assert re.search(rb"GET \S*/v2/images/[0-9a-f-]{36}/file ", recorder.of("CloudTwo", "image")), "CloudTwo serves the image"
    assert b"x-service-token: gAAAAA" in recorder.of("CloudOne", "network"), "Nova sends its token beside the user's"
    tokens = owners(world, here)
    assert {"demo", "nova"} <= {user for user, _ in tokens.values()}, "CloudOne's services get the tokens themselves"
    for token in tokens:
        assert not any(form in there for form in forms(token))
    assert b"x-auth-token: bound1." in recorder.of("CloudTwo", "image").lower()
    assert b"x-service-token: bound1." in recorder.of("CloudTwo", "image").lower()
    assert owners(world, there) == {}


def test_a_services_own_request_goes_to_the_other_cloud_with_a_bound_token(
    lab: Any, world: World, clouds: Lab, relays: ExitStack
) -> None:
    """What it may do there, the policy of that cloud says: here, nothing."""
    nova, workflow = service_token(lab, "CloudOne"), marked()
    with recorded(clouds, relays) as recorder:
        began = world.ask(
            "POST",
            "CloudOne",
            "compute",
            "/v2.1/os-keypairs",
            {"keypair": {"name": "recorded"}},
            X_Auth_Token=world.token("CloudOne"),
            X_Scope='{"network":"CloudTwo"}',
            X_OpenStack_Request_Id=workflow,
        )
        hop = world.ask("GET", "CloudOne", "network", "/v2.0/ports", X_Auth_Token=nova, X_OpenStack_Request_Id=workflow)
        world.ask("DELETE", "CloudOne", "compute", "/v2.1/os-keypairs/recorded", X_Auth_Token=world.token("CloudOne"))
    assert began.ok, began.text
    assert (hop.status_code, message(hop).startswith("gateway of CloudTwo: ")) == (403, True), hop.text
    assert not any(form in recorder.of("CloudTwo") for form in forms(nova))


def message(answer: Any) -> str:
    """Return the message in OpenStack's error body."""
    return str(json.loads(answer.text)["error"]["message"])
