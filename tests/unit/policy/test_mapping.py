# SPDX-License-Identifier: Apache-2.0
import copy
from typing import Any

import pytest
from keystoneauth1.access import AccessInfoV3

from openstackoid.policy import DomainScoped, Grant, derived_id, mapped
from openstackoid.policy.model import Domain
from unit.policy.samples import LOCAL, token

MEMBER = Grant("CloudTwo/members", ("member",), "keep")


def changed(grant: Grant = MEMBER, issuer: str = "CloudTwo", **changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = mapped(token(**changes), issuer, grant)["token"]
    return told


def test_a_guests_ids_meet_no_user_of_this_cloud() -> None:
    user = changed()["user"]
    assert user == {
        "id": derived_id("CloudTwo", "user", "a11ce0000000000000000000000000ff"),
        "name": "alice",
        "domain": {"id": derived_id("CloudTwo", "domain", "default"), "name": "Default"},
    }
    assert len(user["id"]) == 32
    assert user == changed()["user"]
    assert user["id"] != changed(issuer="CloudThree")["user"]["id"]


def test_an_id_apart_is_the_same_for_good() -> None:
    # What users made here belongs to it.
    assert derived_id("CloudTwo", "user", "alice") == "ba3ede0443ed5568be26dd2cc75cf8bb"


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        (
            "keep",
            DomainScoped(
                "de300000000000000000000000000000", "demo", Domain(derived_id("CloudTwo", "domain", "default"), "Default")
            ),
        ),
        (
            "apart",
            DomainScoped(
                derived_id("CloudTwo", "project", "de300000000000000000000000000000"),
                "demo",
                Domain(derived_id("CloudTwo", "domain", "default"), "Default"),
            ),
        ),
        (LOCAL, LOCAL),
    ],
)
def test_the_project_is_kept_apart_or_ours(project: Any, expected: DomainScoped) -> None:
    told = changed(Grant("r", ("member",), project))["project"]
    assert told == {
        "id": expected.id,
        "name": expected.name,
        "domain": {"id": expected.domain.id, "name": expected.domain.name},
    }


def test_the_roles_are_those_that_were_granted_with_ids_of_no_keystone() -> None:
    assert changed()["roles"] == [{"id": derived_id("CloudTwo", "role", "member"), "name": "member"}]


@pytest.mark.parametrize(("roles", "admin"), [(("member",), False), (("Admin",), True), (("reader", "admin"), True)])
@pytest.mark.parametrize("claimed", [None, True, False])
def test_is_admin_project_needs_the_mapped_role_admin(roles: tuple[str, ...], admin: bool, claimed: bool | None) -> None:
    assert changed(Grant("r", roles, "keep"), is_admin_project=claimed)["is_admin_project"] is admin


def test_restricting_claims_are_kept() -> None:
    restricting: dict[str, Any] = {
        "audit_ids": ["a", "b"],
        "application_credential": {
            "id": "ac",
            "name": "n",
            "restricted": True,
            "access_rules": [{"id": "1", "method": "GET", "path": "/v2/images", "service": "image"}],
        },
        "oauth2_credential": {"x5t#S256": "print"},
        "OS-OAUTH1": {"access_token_id": "a", "consumer_id": "c"},
    }
    told = changed(**restricting)
    assert {key: told[key] for key in restricting} == restricting
    assert (told["expires_at"], told["catalog"]) == (token()["token"]["expires_at"], token()["token"]["catalog"])


def test_claims_that_grant_rights_are_removed() -> None:
    user = {**token()["token"]["user"], "OS-FEDERATION": {"groups": [{"id": "g"}]}, "is_admin": True}
    told = changed(user=user, service_providers=[{"id": "sp"}], is_domain=False)
    assert set(told["user"]) == {"id", "name", "domain"}
    assert set(told) == set(token()["token"]) | {"is_admin_project"}
    assert mapped({**token(), "access": {}}, "CloudTwo", MEMBER).keys() == {"token"}


def test_a_trust_stays_one_with_its_users_apart() -> None:
    trust = {"id": "t", "trustor_user": {"id": "u1"}, "trustee_user": {"id": "u2"}, "impersonation": True, "roles": ["admin"]}
    changes: dict[str, Any] = {"OS-TRUST:trust": trust}
    assert changed(**changes)["OS-TRUST:trust"] == {
        "id": derived_id("CloudTwo", "trust", "t"),
        "trustor_user": {"id": derived_id("CloudTwo", "user", "u1")},
        "trustee_user": {"id": derived_id("CloudTwo", "user", "u2")},
        "impersonation": True,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"project": None}, "a token without a project is not accepted"),
        ({"OS-TRUST:trust": []}, "OS-TRUST:trust: not a JSON object"),
        ({"OS-TRUST:trust": {"id": "t"}}, "OS-TRUST:trust.trustor_user: not a JSON object"),
        ({"application_credential": "x"}, "application_credential: not a JSON object"),
        ({"application_credential": {"access_rules": {}}}, "application_credential.access_rules: not a list"),
        ({"application_credential": {"access_rules": ["x"]}}, "application_credential.access_rules: not a JSON object"),
        (
            {"application_credential": {"access_rules": [{"method": "GET", "path": "/", "service": 1}]}},
            "application_credential.access_rules: a rule has a method, a path and a service",
        ),
    ],
)
def test_a_token_that_cannot_be_mapped_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        changed(**changes)


def test_the_document_itself_is_not_changed() -> None:
    document = token(is_admin_project=True)
    before = copy.deepcopy(document)
    mapped(document, "CloudTwo", MEMBER)
    assert document == before


def test_keystones_own_library_reads_it_as_it_is_meant() -> None:
    read = AccessInfoV3(mapped(token(is_admin_project=True), "CloudTwo", Grant("r", ("reader",), LOCAL)), "t")
    assert (read.role_names, read.is_admin_project, read.project_is_domain) == (["reader"], False, False)
    assert (read.project_id, read.project_domain_id, read.user_domain_id) == (
        "0a0a",
        "default",
        derived_id("CloudTwo", "domain", "default"),
    )
    assert (read.system, read.domain_scoped, read.username) == (None, False, "alice")
