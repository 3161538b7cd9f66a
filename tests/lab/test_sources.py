# SPDX-License-Identifier: Apache-2.0
"""Logs of real services name the client, whichever way its request took through the gateway; those of another cloud do not."""

import random
import uuid
from pathlib import Path
from typing import Any

import pytest

from examples.session import User
from lab.plain_http import frontend, raw
from lab.service_logs import lines

CLIENT = "127.0.0.77"


def said(lab: Any, cloud: str, path: str) -> str:
    """Return the lines of a cloud's services about a path."""
    return lines(Path(lab["state_dir"], "logs", cloud), path)


def send(lab: Any, one: User, path: str, *scope: str) -> int:
    """Send a request of CloudOne's user from the client's address, and return the status."""
    token = one.openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip()
    headers = [(b"X-Auth-Token", token.encode()), (b"X-Forwarded-For", b"192.0.2.1")]
    headers += [(b"X-Scope", text.encode()) for text in scope]
    return int(raw(frontend(lab, "CloudOne") + path, "GET", *headers, source=CLIENT).start.split()[1])


@pytest.mark.parametrize(("root", "service"), [("/image/v2/images", "Glance"), ("/compute/v2.1/flavors", "Nova")])
@pytest.mark.parametrize("scoped", [False, True], ids=["by HAProxy", "by Python"])
def test_services_log_the_address_of_the_client(lab: Any, one: User, root: str, service: str, scoped: bool) -> None:
    path = f"{root}/{uuid.uuid4()}"
    # A scope in a spelling that no request had before is the Python service's.
    scope = [f'{{"image": "CloudOne", "compute": "CloudOne", {" " * random.randrange(1000)}"*": "CloudOne"}}'] if scoped else []
    assert send(lab, one, path, *scope) == 404, service
    found = said(lab, "CloudOne", path)
    assert CLIENT in found
    assert "192.0.2.1" not in found


def test_another_cloud_is_not_told_the_address_of_the_client(lab: Any, one: User) -> None:
    path = f"/image/v2/images/{uuid.uuid4()}"
    for _ in range(2):
        assert send(lab, one, path, '{"image":"CloudTwo"}') == 404
    found = said(lab, "CloudTwo", path.rpartition("/")[2])
    assert found
    assert CLIENT not in found
    assert "192.0.2.1" not in found
