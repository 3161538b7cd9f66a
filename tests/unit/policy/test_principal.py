# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from openstackoid.policy import Domain, DomainScoped, Principal, UnfitError, principal_of
from openstackoid.policy.principal import MOST_ROLES
from unit.policy.samples import roles, token

DEFAULT = {"id": "default", "name": "Default"}


def user(**changes: Any) -> dict[str, Any]:
    return token(user={"id": "u", "name": "alice", "domain": DEFAULT, **changes})


def test_the_principal_of_a_token() -> None:
    domain = Domain("default", "Default")
    assert principal_of(token()) == Principal(
        DomainScoped("a11ce0000000000000000000000000ff", "alice", domain),
        DomainScoped("de300000000000000000000000000000", "demo", domain),
        ("member", "reader"),
    )


@pytest.mark.parametrize("name", ["é", "Zoë Ω", "a" * 255, "a, b", "日本"])
def test_names_of_people_are_in_any_script(name: str) -> None:
    assert principal_of(user(name=name)).user.name == name


@pytest.mark.parametrize("identity", ["a" * 64, "default", "_x", "A-b_c.9"])
def test_ids_as_keystone_gives_them_out(identity: str) -> None:
    assert principal_of(user(id=identity)).user.id == identity


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (None, "the document: not a JSON object"),
        ([], "the document: not a JSON object"),
        ({}, "token: not a JSON object"),
        ({"token": "t"}, "token: not a JSON object"),
        (token(system={"all": True}), "a token for a system is not accepted from another cloud; one for a project is"),
        (token(system={}), "a token for a system is not accepted from another cloud; one for a project is"),
        (token(domain=DEFAULT), "a token for a domain is not accepted from another cloud; one for a project is"),
        (token(project=None), "a token without a project is not accepted from another cloud"),
        (token(project=[]), "token.project: not a JSON object"),
        (token(is_domain=True), "a token for a project that acts as a domain is not accepted from another cloud"),
        (token(is_domain="false"), "a token for a project that acts as a domain is not accepted from another cloud"),
        (token(user=None), "token.user: not a JSON object"),
        (token(roles=None), "token.roles: not a list of at most 256 roles"),
        (token(roles={"name": "member"}), "token.roles: not a list of at most 256 roles"),
        (token(roles=roles("x") * (MOST_ROLES + 1)), "token.roles: not a list of at most 256 roles"),
        (token(roles=["member"]), "token.roles: not a JSON object"),
        (token(roles=[{"name": ["member"]}]), "token.roles: not a name: printable characters are accepted, 255 at most"),
        (token(roles=roles("a\x00")), "token.roles: not a name: printable characters are accepted, 255 at most"),
        (user(domain=None), "token.user.domain: not a JSON object"),
        (user(domain={"id": "d"}), "token.user.domain.name: not a name: printable characters are accepted, 255 at most"),
    ],
)
def test_a_token_without_a_project_is_refused(document: Any, said: str) -> None:
    with pytest.raises(ValueError, match=r"^") as raised:
        principal_of(document)
    assert str(raised.value) == said
    # A sound token of the wrong kind is refused; a broken one is a peer's fault.
    assert isinstance(raised.value, UnfitError) == said.startswith("a token ")


@pytest.mark.parametrize(
    "name",
    ["", None, 1, True, ["alice"], {}, "a\r\nX-Roles: admin", "a\x00", "\x7f", "a\u2028b", "\ud800", "a\u200eb", "a" * 256],
)
def test_a_name_that_could_not_be_a_header_is_refused_and_not_repeated(name: object) -> None:
    with pytest.raises(ValueError, match=r"^token\.user\.name: not a name: printable characters are accepted, 255 at most$"):
        principal_of(user(name=name))


@pytest.mark.parametrize("identity", ["", None, 1, ["a"], "..", ".a", "-a", "a/b", "a b", "a\n", "é", "a%2f", "a" * 65])
def test_an_id_that_could_not_be_part_of_a_url_is_refused_and_not_repeated(identity: object) -> None:
    with pytest.raises(ValueError, match=r"^token\.user\.id: not an id: letters, digits, '_', '\.' and '-' are accepted, 64 at"):
        principal_of(user(id=identity))
