# SPDX-License-Identifier: Apache-2.0
"""Real Swift: at home, where the gateway takes a prefix off that Swift does not know, and by scope in the other cloud."""

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.session import User
from lab.plain_http import ask, frontend

ABROAD = '{"object-store": "CloudTwo"}'
TEXT = "an object of a member of CloudOne " * 100


@pytest.fixture(scope="module", params=[None, ABROAD], ids=["at home", "abroad"])
def scope(request: pytest.FixtureRequest) -> str | None:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def container(lab: Any, scope: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # a lab is up
    """A container with one object, ``a/b``."""
    one = User("CloudOne")
    name = f"c-{uuid.uuid4().hex[:8]}"
    file = tmp_path_factory.mktemp("object") / "b"
    file.write_text(TEXT)
    assert one.openstack("container", "create", name, scope=scope).code == 0
    made = one.openstack("object", "create", name, str(file), "--name", "a/b", scope=scope)
    assert made.code == 0, made.stderr
    yield name
    assert one.openstack("container", "delete", "--recursive", name, scope=scope).code == 0


def test_an_object_comes_back_as_it_went(one: User, scope: str | None, container: str, tmp_path: Path) -> None:
    listed = one.openstack("object", "list", container, "-f", "json", "--long", scope=scope).json()
    assert [(row["Name"], row["Hash"]) for row in listed] == [("a/b", hashlib.md5(TEXT.encode()).hexdigest())]
    saved = one.openstack("object", "save", container, "a/b", "--file", str(tmp_path / "saved"), scope=scope)
    assert saved.code == 0, saved.stderr
    assert (tmp_path / "saved").read_text() == TEXT


def test_it_is_in_that_cloud_alone_in_an_account_of_the_users_own_project(one: User, scope: str | None, container: str) -> None:
    project = one.openstack("token", "issue", "-f", "value", "-c", "project_id").stdout.strip()
    assert one.openstack("object", "store", "account", "show", "-f", "json", scope=scope).json()["Account"] == f"AUTH_{project}"
    elsewhere = None if scope else ABROAD
    assert container in one.openstack("container", "list", "-f", "value", scope=scope).stdout.split()
    assert container not in one.openstack("container", "list", "-f", "value", scope=elsewhere).stdout.split()


def test_a_part_of_an_object(lab: Any, one: User, scope: str | None, container: str) -> None:
    token, project = one.openstack("token", "issue", "-f", "value", "-c", "id", "-c", "project_id").stdout.split()
    url = f"{frontend(lab, 'CloudOne')}/object-store/v1/AUTH_{project}/{container}/a/b"
    scoped = {"X_Scope": scope} if scope else {}
    assert ask(url, X_Auth_Token=token, Range="bytes=3-8", **scoped) == (206, TEXT[3:9])
    assert ask(url, X_Auth_Token=token, Range=f"bytes={len(TEXT)}-", **scoped)[0] == 416
    assert ask(url, **scoped)[0] == 401
