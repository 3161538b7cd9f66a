# SPDX-License-Identifier: Apache-2.0
"""Real Swift: at home, where the gateway takes a prefix off that Swift does not know, and by scope in the other cloud."""

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.session import User
from lab.plain_http import ask, frontend, raw

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


def test_a_container_is_in_one_cloud_in_the_account_of_the_users_project(one: User, scope: str | None, container: str) -> None:
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


@pytest.fixture
def asked(lab: Any, one: User, scope: str | None) -> tuple[str, list[tuple[bytes, bytes]]]:
    """The URL of the user's account, and the headers to send."""
    token, project = one.openstack("token", "issue", "-f", "value", "-c", "id", "-c", "project_id").stdout.split()
    headers = [(b"X-Auth-Token", token.encode())] + ([(b"X-Scope", scope.encode())] if scope else [])
    return f"{frontend(lab, 'CloudOne')}/object-store/v1/AUTH_{project}", headers


def test_swift_refuses_an_upload_without_a_length_and_stores_no_object(
    lab: Any, asked: tuple[str, list[tuple[bytes, bytes]]], container: str
) -> None:
    url, headers = asked
    assert raw(f"{url}/{container}/a/b", "PUT", *headers).start.startswith(b"HTTP/1.1 411 ")
    assert raw(f"{url}/{container}/a/b", "HEAD", *headers).values(b"content-length") == [str(len(TEXT)).encode()]


def test_all_the_metadata_that_a_container_may_have_is_written_and_read(
    lab: Any, asked: tuple[str, list[tuple[bytes, bytes]]]
) -> None:
    """In a container of its own: the ``openstack`` command reads no answer of more than 100 headers."""
    account, headers = asked
    url = f"{account}/c-{uuid.uuid4().hex[:8]}"
    metadata = [(b"X-Container-Meta-N%d" % number, b"value-%d" % number) for number in range(90)]
    assert raw(url, "PUT", *headers, (b"Content-Length", b"0"), *metadata).start.startswith(b"HTTP/1.1 201 ")
    answer = raw(url, "HEAD", *headers)
    assert answer.start.startswith(b"HTTP/1.1 204 ")
    assert [answer.values(name.lower()) for name, _ in metadata] == [[value] for _, value in metadata]
    assert raw(url, "DELETE", *headers).start.startswith(b"HTTP/1.1 204 ")


def test_metadata_comes_back_in_the_bytes_that_it_had(
    lab: Any, asked: tuple[str, list[tuple[bytes, bytes]]], container: str
) -> None:
    url, headers = asked
    pairs = [(b"X-Object-Meta-City", b"Orl\xe9ans"), (b"X-Object-Meta-Town", "Orléans".encode())]
    length = (b"Content-Length", b"0")
    assert raw(f"{url}/{container}/a/b", "POST", *headers, length, *pairs).start.startswith(b"HTTP/1.1 202 ")
    answer = raw(f"{url}/{container}/a/b", "HEAD", *headers)
    assert [answer.values(name.lower()) for name, _ in pairs] == [[value] for _, value in pairs]


def test_objects_of_a_list_of_both_clouds_are_read_and_deleted_where_they_are(lab: Any, one: User, tmp_path: Path) -> None:
    both, made = "object-store=CloudOne&CloudTwo", {}
    for cloud in ("CloudOne", "CloudTwo"):
        made[cloud] = f"c-{uuid.uuid4().hex[:8]}"
        (tmp_path / cloud).write_text(f"of {cloud}")
        assert one.openstack("container", "create", made[cloud], scope=f"object-store={cloud}").code == 0
        put = ("object", "create", made[cloud], str(tmp_path / cloud), "--name", "a/b")
        assert one.openstack(*put, scope=f"object-store={cloud}").code == 0
    listed = {row["Name"] for row in one.openstack("container", "list", "-f", "json", scope=both).json()}
    assert set(made.values()) <= listed
    for cloud, container in made.items():
        saved = one.openstack("object", "save", container, "a/b", "--file", str(tmp_path / "saved"), scope=both)
        assert (saved.code, (tmp_path / "saved").read_text()) == (0, f"of {cloud}"), saved.stderr
        assert one.openstack("object", "show", container, "a/b", scope=both).code == 0
        deleted = one.openstack("container", "delete", "--recursive", container, scope=both)
        assert deleted.code == 0, deleted.stderr
    left = {row["Name"] for row in one.openstack("container", "list", "-f", "json", scope=both).json()}
    assert left.isdisjoint(made.values())
