# SPDX-License-Identifier: Apache-2.0
"""The tokens and scopes of a request, which must agree."""

import pytest

from conformance.clouds import three_clouds
from openstackoid.mesh import Listener
from openstackoid.routing import Request
from openstackoid.routing.reading import AUTH, Reading, RefusedError, Token
from openstackoid.scope import join_token, parse

MESH = three_clouds()
IMAGE = next(known for known in MESH.clouds["CloudOne"].endpoints if known.key == "image.public")
DONE = parse('{"*":"CloudOne","image":"CloudTwo"}')


def reading(*headers: tuple[str, str]) -> Reading:
    return Reading(MESH, "CloudOne", Request("GET", Listener("h", 1), "/", headers))


def test_a_scope_is_completed_with_the_cloud_of_the_gateway() -> None:
    assert reading(("X-Scope", '{"image":"CloudTwo"}')).plain_scope() == DONE
    assert reading(("X-Auth-Token", 'tok!SCOPE!{"glance":"CloudTwo"}')).token(AUTH) == Token("tok", DONE)
    for path, scope in (("/image/scope/image=CloudTwo/v2", DONE), ("/image/scope/*=CloudTwo", parse('{"*":"CloudTwo"}'))):
        asked = Reading(MESH, "CloudOne", Request("GET", IMAGE.listener, path))
        found = asked.url_scope(IMAGE)
        assert found is not None
        assert found.scope == scope
        assert not found.path.startswith("/image/scope")


def test_a_missing_header_gives_no_scope_and_no_token() -> None:
    assert reading().plain_scope() is None
    assert reading().token(AUTH) is None
    assert reading(("X-Auth-Token", "")).token(AUTH) is None
    assert reading(("X-Auth-Token", "tok")).token(AUTH) == Token("tok", None)


@pytest.mark.parametrize("wire", [1, 2])
def test_both_forms_of_a_scope_in_a_token_are_read(wire: int) -> None:
    value = join_token("tok", '{"glance":"CloudTwo"}', wire)
    assert reading(("X-Auth-Token", value)).token(AUTH) == Token("tok", DONE)


def test_a_scope_that_a_client_has_quoted_is_refused_with_the_form_that_none_quotes() -> None:
    for value in ("tok%21SCOPE%21%7B%22image%22%3A%22CloudTwo%22%7D", "tok%21scope%21%7b%7d", "tok%7EeyJ", "tok%2521SCOPE%2521"):
        with pytest.raises(RefusedError) as caught:
            reading(("X-Auth-Token", value)).token(AUTH)
        assert caught.value.refusal.status == 400
        assert "<token>~<base64url of the scope, without padding>" in caught.value.refusal.message


def test_one_place_is_enough_and_two_must_agree() -> None:
    read, other = reading(), parse('{"image":"CloudTwo","*":"CloudOne"}')
    assert [read.agreed("a and b", *pair) for pair in ((DONE, None), (None, DONE), (DONE, other), (None, None))] == [
        DONE,
        DONE,
        DONE,
        None,
    ]
    with pytest.raises(RefusedError) as raised:
        read.agreed("a and b", DONE, parse('{"*":"CloudTwo"}'))
    assert raised.value.refusal.message == (
        'gateway of CloudOne: a and b differ: {"*":"CloudOne","image":"CloudTwo"} and {"*":"CloudTwo"}; send one, or equal ones'
    )


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([("X-Scope", "{"), ("x-scope", "{")], "X-Scope is sent 2 times; once is accepted"),
        ([("X-Scope", "")], "X-Scope, column 1: a JSON object, or clouds with '|' and '&', is expected"),
    ],
)
def test_a_broken_header_is_named(headers: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(RefusedError) as raised:
        reading(*headers).plain_scope()
    assert message in raised.value.refusal.message
    assert (raised.value.refusal.status, raised.value.refusal.title) == (400, "Bad Request")
