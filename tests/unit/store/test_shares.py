# SPDX-License-Identifier: Apache-2.0
"""The owner who makes room: compared with a model that looks at every workflow each time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from openstackoid.mesh import Memory
from openstackoid.store import Bounds, Database, Owner, WorkflowRow, owner_of
from openstackoid.store.owned_rows import FRESH
from openstackoid.store.shares import Shares
from openstackoid.store.workflows import WorkflowTable
from unit.store.opening import SCOPE

OWNERS = [Owner(peer, user) for peer in ("", "CloudTwo", "CloudThree") for user in ("a", "b", "c")]


@dataclass
class Model:
    """All workflows in a list, the one that was used longest ago first; ``changed``: when an owner's number or use changed."""

    limits: Bounds
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


class Rows:
    """The table of the store in memory, trimmed after each transaction."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.table = WorkflowTable()
        database = Database.in_memory()
        self.connection = database.connect(database.engine())
        self.now, self.used = 0.0, 1e6

    def remember(self, *names: tuple[str, Owner]) -> None:
        # The order of owners who have as many is that of their last change only until the rows are counted again.
        self.now += FRESH / 1000
        self.used += 100
        rows = [WorkflowRow(name, SCOPE, owner, self.now, self.used + place) for place, (name, owner) in enumerate(names)]
        with self.connection.begin():
            self.table.put(self.connection, rows)
        while self.table.is_full(self.bounds):
            with self.connection.begin():
                self.table.trim(self.connection, self.now, self.bounds)

    def forget(self, name: str) -> None:
        with self.connection.begin():
            self.table.remove(self.connection, [name])

    def kept(self, names: Sequence[str]) -> set[str]:
        with self.connection.begin():
            return {row.id for row in self.table.find(self.connection, names) if row is not None}


NAMES = [f"w{number}" for number in range(31)]
actions = st.lists(st.tuples(st.sampled_from(("remember", "remember", "remember", "forget")), st.integers(0, 30)), max_size=80)
batches = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8), max_size=20)
owners_of_all = st.lists(st.sampled_from(OWNERS), min_size=31, max_size=31)
limits = st.builds(Bounds, st.integers(1, 12), st.just(1e9), st.integers(1, 12), st.integers(1, 12))


@given(actions, limits, owners_of_all)
def test_the_store_keeps_the_rows_of_the_model(done: list[tuple[str, int]], limits: Bounds, owners: list[Owner]) -> None:
    model, rows = Model(limits), Rows(limits)
    for action, number in done:
        if action == "remember":
            model.remember(NAMES[number], owners[number])
            rows.remember((NAMES[number], owners[number]))
        else:
            model.forget(NAMES[number])
            rows.forget(NAMES[number])
        assert rows.kept(NAMES) == {known for known, _ in model.known}


@given(batches, limits, owners_of_all)
def test_no_user_and_no_cloud_has_more_than_its_share_and_each_loses_its_oldest(
    done: list[list[int]], limits: Bounds, owners: list[Owner]
) -> None:
    rows, used = Rows(limits), list[str]()
    for batch in done:
        rows.remember(*((NAMES[number], owners[number]) for number in batch))
        for number in batch:
            used = [name for name in used if name != NAMES[number]] + [NAMES[number]]
        kept = rows.kept(NAMES)
        owned = [owners[NAMES.index(name)] for name in kept]
        assert 0 < len(kept) <= limits.workflows
        assert all(owned.count(owner) <= limits.of_user for owner in owned)
        assert all(sum(owner.peer == peer for owner in owned) <= limits.of_peer for peer in ("CloudTwo", "CloudThree"))
        used = [name for name in used if name in kept]
        assert len(batch) > 1 or NAMES[batch[0]] in kept, "the newest is there"


@given(actions, limits, owners_of_all)
def test_counts_that_were_lost_are_made_again_from_the_rows(
    done: list[tuple[str, int]], limits: Bounds, owners: list[Owner]
) -> None:
    rows = Rows(limits)
    for action, number in done:
        rows.remember((NAMES[number], owners[number]))
        if action == "forget":
            rows.table.recount()
        owned = [owners[NAMES.index(name)] for name in rows.kept(NAMES)]
        assert 0 < len(owned) <= limits.workflows
        assert owned.count(owners[number]) <= limits.of_user


def test_of_owners_with_equal_counts_the_least_recently_used_makes_room() -> None:
    shares = Shares()
    first, second, third = (Owner("", name) for name in "abc")
    for owner in (first, second, third):
        shares.add(owner)
    shares.use(first)
    assert shares.loser(third, Bounds(2, 60, 2, 1)) == second


def test_the_same_id_in_two_clouds_is_of_two_users() -> None:
    owners = {owner_of("CloudOne", issuer, "u1") for issuer in ("CloudOne", "CloudTwo", "CloudThree")}
    assert len({owner.user for owner in owners}) == 3
    assert {owner.peer for owner in owners} == {"", "CloudTwo", "CloudThree"}
    assert "u1" not in repr(owners)


def test_shares_that_are_not_named_are_a_quarter_and_half() -> None:
    assert [(Memory(whole).of_user, Memory(whole).of_peer) for whole in (100_000, 3, 1)] == [(25_000, 50_000), (1, 1), (1, 1)]
    assert (Memory(10, user=10, peer=7).of_user, Memory(10, user=10, peer=7).of_peer) == (10, 7)
