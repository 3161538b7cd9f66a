# SPDX-License-Identifier: Apache-2.0
from uuid import UUID

import pytest

from openstackoid.policy import (
    KEEP,
    NOBODY,
    Denial,
    Grant,
    MappingRule,
    PeerPolicy,
    Policy,
    Roles,
    Services,
    Use,
    derived_id,
    grant,
    may_enter,
    miss,
    principal_of,
)
from unit.policy.samples import ALICE, IMAGES, LOCAL, MEMBERS, POLICY, STAFF, TWO, roles, token

LIST = Use("image", "GET", "/v2/images")
UPLOAD = Use("image", "POST", "/v2/images")
BOSS = principal_of(token(roles=roles("admin", "member")))


class TestEntering:
    @pytest.mark.parametrize("sender", [None, "CloudTwo", "CloudThree"])
    @pytest.mark.parametrize("use", [None, LIST, Use("compute", "GET", "/v2.1/servers")])
    def test_a_request_that_some_entry_allows_may_enter(self, sender: str | None, use: Use | None) -> None:
        assert may_enter(POLICY, "CloudTwo", sender, use) is None

    @pytest.mark.parametrize(
        ("policy", "issuer", "sender", "use", "reason"),
        [
            (NOBODY, "CloudTwo", None, LIST, "the policy here does not accept users of CloudTwo"),
            (POLICY, "CloudTen", None, None, "the policy here does not accept users of CloudTen"),
            (POLICY, "CloudTwo", "CloudTen", LIST, "the gateway of CloudTen may not speak for users of CloudTwo"),
            (
                Policy(peers=(PeerPolicy("*", (MEMBERS,), IMAGES),)),
                "CloudTwo",
                "CloudTen",
                None,
                "the gateway of CloudTen may not speak for users of CloudTwo",
            ),
            (
                Policy(peers=(PeerPolicy("CloudTwo", (), IMAGES),)),
                "CloudTwo",
                None,
                None,
                "the policy here accepts none of the users of CloudTwo: its entry has no 'people'",
            ),
            (POLICY, "CloudTwo", None, Use("network", "GET", "/"), "users of CloudTwo may not use network here"),
            (
                POLICY,
                "CloudTwo",
                None,
                Use("compute", "POST", "/v2.1/servers"),
                "users of CloudTwo may use compute here, but not make this POST request",
            ),
            (
                POLICY,
                "CloudTwo",
                None,
                Use("compute", "B<REW", "/v2.1/servers"),
                "users of CloudTwo may use compute here, but not make this request",
            ),
        ],
    )
    def test_a_request_that_no_entry_allows_may_not_enter(
        self, policy: Policy, issuer: str, sender: str | None, use: Use | None, reason: str
    ) -> None:
        assert may_enter(policy, issuer, sender, use) == Denial(None, reason)

    def test_through_may_name_every_gateway(self) -> None:
        assert (
            may_enter(Policy(peers=(PeerPolicy("CloudTwo", (MEMBERS,), IMAGES, ("*",)),)), "CloudTwo", "CloudTen", LIST) is None
        )


class TestGranting:
    def test_the_first_matching_entry_decides(self) -> None:
        assert grant(POLICY, "CloudTwo", ALICE, UPLOAD) == Grant("CloudTwo/staff", ("reader",), LOCAL)
        turned = Policy(peers=(PeerPolicy("CloudTwo", (MEMBERS, STAFF), IMAGES),))
        assert grant(turned, "CloudTwo", ALICE, LIST) == Grant("CloudTwo/members", ("member",), "apart")
        assert grant(turned, "CloudTwo", ALICE, UPLOAD) == Denial(
            "CloudTwo/members",
            "users of the rule CloudTwo/members may use image here, but not make this POST request",
        )

    def test_their_admin_is_a_member_here(self) -> None:
        assert grant(POLICY, "CloudTwo", BOSS, LIST) == Grant("CloudTwo/staff", ("member", "reader"), LOCAL)

    def test_a_user_without_a_matching_entry_is_refused(self) -> None:
        stranger = principal_of(token(roles=roles("auditor"), project={**token()["token"]["project"], "id": "0"}))
        assert grant(POLICY, "CloudTwo", stranger, None) == Denial(
            None, "no entry of 'people' in the policy here for CloudTwo matches this user, project and roles"
        )

    def test_a_cloud_that_is_not_accepted(self) -> None:
        assert grant(POLICY, "CloudTen", ALICE, None) == Denial(None, "the policy here does not accept users of CloudTen")

    def test_an_entry_without_services_is_for_validations_alone(self) -> None:
        nova = MappingRule("services", Roles((("service", ("service",)),)), services=Services())
        policy = Policy(peers=(PeerPolicy("CloudTwo", (nova, MEMBERS), IMAGES),))
        account = principal_of(token(roles=roles("service", "member")))
        assert grant(policy, "CloudTwo", account, None) == Grant("CloudTwo/services", ("service",), "apart")
        assert grant(policy, "CloudTwo", account, LIST) == Denial(
            "CloudTwo/services", "users of the rule CloudTwo/services may not use image here"
        )


class TestMissing:
    @pytest.mark.parametrize(
        ("document", "said"),
        [
            (token(), None),
            (token(user={**token()["token"]["user"], "name": "bob"}), "users.names does not name it"),
            (token(project={**token()["token"]["project"], "id": "0"}), "projects.ids does not have it"),
            (token(roles=[]), "roles: none of the roles is named"),
        ],
    )
    def test_the_reason_of_a_miss(self, document: dict[str, object], said: str | None) -> None:
        assert miss(TWO.people[0], principal_of(document)) == said


class TestKeeping:
    @pytest.mark.parametrize(
        ("identity", "kept"),
        [
            ("p1", True),
            ("5f0c1f9d7e0b4c0c9a1d3b6a2f4e8c71", True),
            (derived_id("CloudThree", "project", "p1"), False),
            (derived_id("CloudThree", "project", "p1").upper(), False),
            (str(UUID(derived_id("CloudThree", "project", "p1"))), False),
            ("P1", False),
        ],
    )
    def test_no_project_may_keep_an_id_like_those_of_projects_apart(self, identity: str, kept: bool) -> None:
        """Or a peer could name the project of another, for it knows how such ids are made."""
        keeping = MappingRule("members", Roles((("member", ("member",)),)), project=KEEP)
        policy = Policy(peers=(PeerPolicy("CloudTwo", (keeping,), IMAGES),))
        domain = {"id": "default", "name": "Default"}
        principal = principal_of(token(roles=roles("member"), project={"id": identity, "name": "demo", "domain": domain}))
        judged = grant(policy, "CloudTwo", principal, None)
        assert isinstance(judged, Grant) == kept
        assert kept or "cannot be kept here" in str(judged)
