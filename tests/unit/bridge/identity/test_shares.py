# SPDX-License-Identifier: Apache-2.0
"""Shares of the memory of workflows: no user and no cloud pushes out the running workflows of another."""

from conformance.case import marked
from openstackoid.mesh import Memory
from unit.bridge.identity.owners import GUEST, STAYS, known, known_scope, limited, write
from unit.bridge.stage import played, says, staged


@played
async def test_many_made_up_tokens_push_out_no_running_workflow() -> None:
    async with staged(here=says("202 Accepted"), keystone=known("user")) as stage:
        limited(stage, Memory(workflows=20))
        running = f"X-OpenStack-Request-Id: {marked(1)}"
        assert (await write(stage, "user", STAYS, running)).status == 202
        for number in range(30):
            assert (await write(stage, f"made-up-{number}")).status == 401
        assert await known_scope(stage, marked(1)) is not None
        assert len(stage.bridge.context.workflows) == 1


@played
async def test_the_workflows_of_one_user_push_out_none_of_another_user() -> None:
    async with staged(here=says("202 Accepted"), keystone=known("quiet", "greedy")) as stage:
        limited(stage, Memory(workflows=10, user=10))
        assert (await write(stage, "quiet", STAYS, f"X-OpenStack-Request-Id: {marked(1)}")).status == 202
        for _ in range(25):
            assert (await write(stage, "greedy")).status == 202
        assert await known_scope(stage, marked(1)) is not None
        assert len(stage.bridge.context.workflows) == 10


@played
async def test_all_users_of_another_cloud_have_one_share() -> None:
    people = [f"u{number}" for number in range(9)]

    async with staged(here=says("202 Accepted"), there=known(*people)) as stage:
        limited(stage, Memory(workflows=100, peer=4))
        for name in people:
            assert (await write(stage, f"{name}{GUEST}", "Accept: */*")).status == 202
        assert len(stage.bridge.context.workflows) == 4


@played
async def test_a_continued_workflow_stays_with_its_first_user() -> None:
    async with staged(here=says("202 Accepted"), keystone=known("first", "second")) as stage:
        limited(stage, Memory(workflows=10, user=1))
        running = f"X-OpenStack-Request-Id: {marked(1)}"
        for name in ("first", "second"):
            assert (await write(stage, name, STAYS, running)).status == 202
        assert (await write(stage, "second")).status == 202
        assert await known_scope(stage, marked(1)) is not None
        assert (await write(stage, "first")).status == 202
        assert await known_scope(stage, marked(1)) is None
