# SPDX-License-Identifier: Apache-2.0
"""Two tokens have the same claims where services are told the same, by the same rule."""

from dataclasses import replace
from typing import Any

import pytest

from openstackoid.policy import Domain, DomainScoped, Grant, Principal, claims_of, principal_of
from unit.policy.samples import token

GRANTED = Grant("CloudTwo/staff", ("member",), "apart")
PROJECT = DomainScoped("p", "demo", Domain("default", "Default"))


def principal(**changes: Any) -> Principal:
    return principal_of(token(**changes))


def test_claims_ignore_the_order_of_roles_the_catalog_and_replaced_values() -> None:
    roles = [{"name": "reader"}, {"name": "member"}]
    later = principal(roles=roles, catalog=[{}], is_admin_project=True, is_domain=False)
    assert claims_of(principal(), GRANTED) == claims_of(later, GRANTED)


@pytest.mark.parametrize(
    ("granted", "changes"),
    [
        (replace(GRANTED, rule="CloudTwo/all"), ("rule",)),
        (replace(GRANTED, roles=("member", "reader")), ("roles here",)),
        (replace(GRANTED, project="keep"), ("project here",)),
        (replace(GRANTED, project=PROJECT), ("project here",)),
    ],
)
def test_another_grant_is_a_change(granted: Grant, changes: tuple[str, ...]) -> None:
    before = claims_of(principal(), GRANTED)
    assert before.changes(claims_of(principal(), granted)) == changes


def test_a_name_is_a_change_and_takes_no_room() -> None:
    user = {"id": "u", "name": "x" * 255, "domain": {"id": "d", "name": "y" * 255}}
    before, later = claims_of(principal(), GRANTED), claims_of(principal(user=user), GRANTED)
    assert before.changes(later) == ("user id", "user name", "user domain")
    assert len(before.digests) == len(later.digests) == 176


def test_every_attribute_that_is_passed_on_is_a_claim() -> None:
    before = claims_of(principal(), GRANTED)
    for name in ("expires_at", "OS-TRUST:trust", "application_credential", "bind", "oauth2_credential", "new"):
        assert before.changes(claims_of(principal(**{name: "x"}), GRANTED)) == ("other attributes",), name


def test_a_token_that_is_nested_too_deeply_is_none() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="token: nested too deeply"):
        principal(audit_ids=deep)
    while deep:
        deep = deep.pop()
