# SPDX-License-Identifier: Apache-2.0
"""Reading and changing Keystone's documents."""

import json
from typing import Any

import pytest

from openstackoid.bridge.identity.token_documents import body_token, project_of, with_body_token, with_catalog, with_plain_catalog


def packed(document: Any) -> bytes:
    return json.dumps(document).encode()


def by_token(**holder: Any) -> bytes:
    return packed({"auth": {"identity": {"methods": ["token"], "token": holder}, "scope": "unscoped"}})


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (by_token(id="tok"), "tok"),
        (by_token(id='tok!SCOPE!{"image":"CloudTwo"}'), 'tok!SCOPE!{"image":"CloudTwo"}'),
        (b'{"auth":{"identity":{"token":{"id":"t\\u0021SCOPE!{}"}}}}', "t!SCOPE!{}"),
        (b'{"auth":{"identity":{"token":{"id":"a"},"token":{"id":"b"}}}}', "b"),
        ('{"auth":{"identity":{"token":{"id":"tök"}}}}'.encode("utf-16"), "tök"),
        (by_token(id=None), None),
        (by_token(), None),
        (packed({"auth": {"identity": {"token": "tok"}}}), None),
        (packed({"auth": {"identity": ["token"]}}), None),
        (packed(["auth"]), None),
        (b"", None),
        (b"{", None),
        (b"\xff\xff", None),
        (b"[" * 100_000, None),
        (b"9" * 10_000, None),
    ],
)
def test_the_token_in_a_body(body: bytes, token: str | None) -> None:
    assert body_token(body) == token


def test_the_token_in_a_body_is_replaced_and_nothing_else() -> None:
    assert json.loads(with_body_token(by_token(id="tok!SCOPE!{}", more="é"), "tok")) == json.loads(by_token(id="tok", more="é"))


def test_of_two_tokens_the_one_that_was_read_is_the_one_that_is_sent() -> None:
    twice = b'{"auth":{"identity":{"token":{"id":"a!SCOPE!{}"},"token":{"id":"b!SCOPE!{}"}}}}'
    assert b"a!SCOPE!" not in with_body_token(twice, "b")


@pytest.mark.parametrize(
    ("token", "project"),
    [({"project": {"id": "p1"}}, "p1"), ({"domain": {"id": "d"}}, None), ({"system": {"all": True}}, None), ({}, None)],
)
def test_the_catalog_is_that_of_the_tokens_project(token: dict[str, Any], project: str | None) -> None:
    asked: list[str | None] = []

    def catalog(project_id: str | None) -> list[dict[str, Any]]:
        asked.append(project_id)
        return [{"type": "ours"}]

    document = {"token": {**token, "catalog": [{"type": "theirs"}], "user": "é"}}
    assert json.loads(with_catalog(packed(document), catalog)) == {"token": {**token, "catalog": [{"type": "ours"}], "user": "é"}}
    assert asked == [project]
    assert project_of(packed(document)) == project


def test_a_token_without_a_catalog_stays_byte_for_byte() -> None:
    body = b'{ "token" : {"project": {"id": "p"}} }'
    assert with_catalog(body, lambda _: [{}]) == body


def test_the_catalog_alone() -> None:
    assert json.loads(with_plain_catalog(packed({"catalog": [1], "links": 2}), [{"type": "ours"}])) == {
        "catalog": [{"type": "ours"}],
        "links": 2,
    }


@pytest.mark.parametrize(
    "project", [{}, {"id": None}, {"id": 1}, {"id": ""}, {"id": "a/../b"}, {"id": "\\1"}, {"id": "p\n"}, "p", None]
)
def test_only_an_id_becomes_a_part_of_a_url(project: Any) -> None:
    with pytest.raises(ValueError, match=r"not a project's id|not the JSON object"):
        with_catalog(packed({"token": {"project": project, "catalog": []}}), lambda _: [])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"token"', b"{}", b'{"token": []}', b'{"token": null}'])
def test_a_body_without_a_token_is_an_error(body: bytes) -> None:
    for read in (lambda: with_catalog(body, lambda _: []), lambda: project_of(body), lambda: with_plain_catalog(body, [])):
        with pytest.raises(ValueError, match=r"not the JSON object|no catalog"):
            read()
