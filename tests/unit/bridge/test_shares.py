# SPDX-License-Identifier: Apache-2.0
"""Who makes room in the memory of workflows: compared with a model that looks at every workflow each time."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.memory import Workflows
from openstackoid.bridge.shares import Owner, Shares, owner_of
from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope

SCOPE = Scope((("*", "CloudOne"),))
OWNERS = [Owner(peer, user) for peer in ("", "CloudTwo", "CloudThree") for user in ("a", "b", "c")]


@dataclass
class Model:
    """All workflows in a list, the one that was used longest ago first; ``changed``: when an owner's number or use changed."""

    limits: Memory
    known: list[tuple[str, Owner]] = field(default_factory=list)
    changed: dict[Owner, int] = field(default_factory=dict)
    moment: int = 0

    def remember(self, name: str, owner: Owner) -> None:
        owner = dict(self.known).get(name, owner)
        self.known = [pair for pair in self.known if pair[0] != name] + [(name, owner)]
        self._note(owner)
        while (loser := self._loser(owner)) is not None:
            self.forget(next(name for name, each in self.known if each == loser))

    def forget(self, name: str) -> None:
        for pair in [pair for pair in self.known if pair[0] == name]:
            self.known.remove(pair)
            self._note(pair[1])

    def _note(self, owner: Owner) -> None:
        self.moment += 1
        self.changed[owner] = self.changed[Owner(owner.peer, "")] = self.moment

    def _loser(self, newest: Owner) -> Owner | None:
        users = Counter(owner for _, owner in self.known)
        competing = Counter(Owner(owner.peer, "") if owner.peer else owner for _, owner in self.known)

        def most(counts: Counter[Owner]) -> Owner:
            return max(counts, key=lambda owner: (counts[owner], -self.changed[owner]))

        def most_of(peer: str) -> Owner:
            return most(Counter({owner: number for owner, number in users.items() if owner.peer == peer}))

        if users[newest] > self.limits.of_user:
            return newest
        if newest.peer and competing[Owner(newest.peer, "")] > self.limits.of_peer:
            return most_of(newest.peer)
        if len(self.known) <= self.limits.workflows:
            return None
        loser = most(competing)
        return most_of(loser.peer) if loser.peer else loser


actions = st.lists(st.tuples(st.sampled_from(("remember", "remember", "remember", "forget")), st.integers(0, 30)), max_size=80)
limits = st.builds(
    lambda whole, user, peer: Memory(whole, 60, user, peer),
    st.integers(1, 12),
    st.none() | st.integers(1, 12),
    st.none() | st.integers(1, 12),
)


@given(actions, limits, st.lists(st.sampled_from(OWNERS), min_size=31, max_size=31))
def test_the_memory_keeps_what_the_model_keeps(done: list[tuple[str, int]], limits: Memory, owners: list[Owner]) -> None:
    model, workflows = Model(limits), Workflows(clock=lambda: 0.0)
    for action, number in done:
        name = f"w{number}"
        if action == "remember":
            model.remember(name, owners[number])
            workflows.remember(Workflow(name, SCOPE), owners[number], limits)
        else:
            model.forget(name)
            workflows.forget(Workflow(name, SCOPE))
        kept = {f"w{number}" for number in range(31) if workflows.known(f"w{number}") is not None}
        assert kept == {known for known, _ in model.known}
        assert len(workflows) == len(kept)


@given(actions, limits, st.lists(st.sampled_from(OWNERS), min_size=31, max_size=31))
def test_no_user_and_no_cloud_has_more_than_its_share_and_the_newest_is_there(
    done: list[tuple[str, int]], limits: Memory, owners: list[Owner]
) -> None:
    workflows = Workflows(clock=lambda: 0.0)
    for _, number in done:
        workflows.remember(Workflow(f"w{number}", SCOPE), owners[number], limits)
        assert workflows.known(f"w{number}") is not None
        kept = [owners[each] for each in range(31) if workflows.known(f"w{each}") is not None]
        assert len(kept) <= limits.workflows
        assert all(kept.count(owner) <= limits.of_user for owner in kept)
        assert all(sum(owner.peer == peer for owner in kept) <= limits.of_peer for peer in ("CloudTwo", "CloudThree"))


def fill(workflows: Workflows, owner: Owner, number: int, limits: Memory) -> None:
    for each in range(number):
        workflows.remember(Workflow(f"{owner}{each}", SCOPE), owner, limits)


def test_a_user_who_begins_many_workflows_pushes_out_no_one_elses() -> None:
    limits, workflows = Memory(workflows=2000), Workflows(clock=lambda: 0.0)
    others = [owner_of("CloudOne", "CloudOne", f"u{number}") for number in range(100)]
    for owner in others:
        fill(workflows, owner, 18, limits)
    fill(workflows, owner_of("CloudOne", "CloudOne", "greedy"), 2100, limits)
    assert all(workflows.known(f"{owner}{each}") for owner in others for each in range(18))
    assert len(workflows) == 2000


def test_a_cloud_that_makes_up_users_pushes_out_its_own() -> None:
    """Nor do its many users have a larger part of a full memory than one user of this cloud."""
    limits, workflows = Memory(workflows=100), Workflows(clock=lambda: 0.0)
    ours = [owner_of("CloudOne", "CloudOne", f"u{number}") for number in range(3)]
    fill(workflows, ours[0], 5, limits)
    for number in range(1000):
        fill(workflows, owner_of("CloudOne", "CloudTwo", f"made-up-{number}"), 1, limits)
    assert all(workflows.known(f"{ours[0]}{each}") for each in range(5))
    assert len(workflows) == 5 + limits.of_peer
    for owner in ours[1:]:
        fill(workflows, owner, 25, limits)
    assert all(workflows.known(f"{owner}{each}") for owner in ours[1:] for each in range(25))


def test_of_those_who_have_as_many_the_one_who_used_a_workflow_longest_ago_makes_room() -> None:
    shares = Shares()
    first, second, third = (Owner("", name) for name in "abc")
    for owner in (first, second, third):
        shares.add(owner)
    shares.use(first)
    assert shares.loser(third, Memory(workflows=2, user=2)) == second


def test_the_same_id_in_two_clouds_is_of_two_users() -> None:
    owners = {owner_of("CloudOne", issuer, "u1") for issuer in ("CloudOne", "CloudTwo", "CloudThree")}
    assert len({owner.user for owner in owners}) == 3
    assert {owner.peer for owner in owners} == {"", "CloudTwo", "CloudThree"}
    assert "u1" not in repr(owners)


def test_shares_that_are_not_named_are_a_quarter_and_half() -> None:
    assert [(Memory(whole).of_user, Memory(whole).of_peer) for whole in (100_000, 3, 1)] == [(25_000, 50_000), (1, 1), (1, 1)]
    assert (Memory(10, user=10, peer=7).of_user, Memory(10, user=10, peer=7).of_peer) == (10, 7)
