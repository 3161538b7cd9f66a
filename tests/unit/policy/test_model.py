# SPDX-License-Identifier: Apache-2.0
import pytest

from openstackoid.policy import EVERY_REQUEST, NOBODY, Condition, Domain, DomainScoped, PeerPolicy, Policy, Roles, Services, Use
from unit.policy.samples import IMAGES, MEMBERS, STAFF, TWO, services

ALICE = DomainScoped("a11ce", "alice", Domain("d-1", "Default"))


class TestServices:
    def test_services_allow_no_request_by_default(self) -> None:
        assert not Services().allows(Use("image", "GET", "/v2/images"))
        assert (str(Services()), str(IMAGES)) == ("nothing", "image: GET /v2/images, GET /v2/images/**")

    def test_a_service_that_is_not_named_is_refused(self) -> None:
        assert IMAGES.allows(Use("image", "GET", "/v2/images/1"))
        assert not IMAGES.allows(Use("image", "DELETE", "/v2/images/1"))
        assert not IMAGES.allows(Use("compute", "GET", "/v2/images/1"))

    def test_the_star_is_every_other_service_and_no_named_one(self) -> None:
        both = Services((*services(image="GET /v2").entries, ("network", ()), ("*", (EVERY_REQUEST,))))
        assert both.allows(Use("compute", "POST", "/v2.1/servers"))
        assert not both.allows(Use("image", "POST", "/v2"))
        assert not both.allows(Use("network", "GET", "/"))
        assert str(both) == "image: GET /v2; network: ; *: all"


class TestCondition:
    @pytest.mark.parametrize(
        "condition",
        [
            Condition(),
            Condition(domains=("Default",)),
            Condition(domains=("other", "d-1")),
            Condition(names=("bob", "al*")),
            Condition(ids=("a11ce",)),
            Condition(("d-1",), ("*",), ("a11ce",)),
        ],
    )
    def test_a_matching_condition_has_no_miss(self, condition: Condition) -> None:
        assert condition.miss("users", ALICE) is None

    @pytest.mark.parametrize(
        ("condition", "said"),
        [
            (Condition(domains=("default",)), "users.domains does not name its domain"),
            (Condition(domains=("D*",)), "users.domains does not name its domain"),
            (Condition(names=("bob", "Al*")), "users.names does not name it"),
            (Condition(ids=("a11c", "*")), "users.ids does not have it"),
            (Condition(("d-1",), ("alice",), ("b0b",)), "users.ids does not have it"),
        ],
    )
    def test_each_list_must_have_it(self, condition: Condition, said: str) -> None:
        assert condition.miss("users", ALICE) == said


class TestRoles:
    @pytest.mark.parametrize(
        ("pairs", "having", "ours"),
        [
            ((("member", ("member",)),), ["member", "admin"], ("member",)),
            ((("member", ("member",)),), ["admin"], ()),
            ((("Member", ("member",)),), ["MEMBER"], ("member",)),
            ((("admin", ("member", "reader")), ("member", ("Member",))), ["member", "admin"], ("member", "reader")),
            ((("member", ("member",)), ("*", ("reader",))), ["member"], ("member",)),
            ((("member", ("member",)), ("*", ("reader",))), ["member", "x"], ("member", "reader")),
            ((("admin", ()), ("*", ("reader",))), ["admin"], ()),
            ((("*", ("reader",)),), [], ()),
            ((("*", ("reader",)),), ["*"], ()),
        ],
    )
    def test_theirs_become_ours_or_are_dropped(
        self, pairs: tuple[tuple[str, tuple[str, ...]], ...], having: list[str], ours: tuple[str, ...]
    ) -> None:
        assert Roles(pairs).granted(having) == ours


class TestPolicy:
    def test_a_policy_without_peers_has_no_entry(self) -> None:
        assert (NOBODY, NOBODY.of("CloudTwo"), NOBODY.seconds) == (Policy(), None, 60)

    def test_the_star_is_every_cloud_that_is_not_named(self) -> None:
        other = PeerPolicy("*")
        policy = Policy(peers=(other, TWO))
        assert (policy.of("CloudTwo"), policy.of("CloudTen")) == (TWO, other)

    def test_an_entry_has_the_services_of_its_peer_unless_it_says(self) -> None:
        assert (TWO.services_of(MEMBERS), TWO.services_of(STAFF)) == (IMAGES, STAFF.services)

    def test_a_rule_is_named_by_the_peer_as_it_is_written(self) -> None:
        assert (TWO.rule(MEMBERS), PeerPolicy("*").rule(STAFF)) == ("CloudTwo/members", "*/staff")

    def test_policies_can_be_compared_and_kept_in_sets(self) -> None:
        assert len({Policy(peers=(TWO,)), Policy(peers=(TWO,)), Policy()}) == 2
