# SPDX-License-Identifier: Apache-2.0
"""What one gateway of a cloud has begun, another one of the same cloud can go on with."""

from dataclasses import replace

import pytest

from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope
from unit.bridge.stage import Script, Visit, never, played, says, says_json, staged

ID = "req-5c09ed00-0000-4000-8000-000000000001"
HOP = ("X-Auth-Token: nova", f"X-OpenStack-Request-Id: {ID}")
SCOPE = {"*": "CloudOne", "image": "CloudTwo"}


@played
async def test_a_workflow_that_a_twin_began_goes_on_here() -> None:
    async with staged(there=says("204 No Content"), twin=says_json({"id": ID, "scope": SCOPE})) as stage:
        stage.bridge.mesh = replace(stage.bridge.mesh, shared=(("image", frozenset({"CloudOne", "CloudTwo"})),))
        for _ in range(2):
            assert (await stage.ask("GET", "/image/v2", *HOP)).status == 204
        assert [visit.line for visit in stage.twin.visits] == [f"GET /.openstackoid/workflow/{ID} HTTP/1.1"], "asked once"
        assert [visit.values("x-auth-token") for visit in stage.there.visits] == [
            ['nova!SCOPE!{"identity":"CloudOne","*":"CloudOne","image":"CloudTwo"}']
        ] * 2


@pytest.mark.parametrize(
    "answer",
    [
        says_json({"error": {"code": 404}}, status="404 Not Found"),
        says_json({"id": ID, "scope": {"image": "CloudTen"}}),
        says_json({"id": ID, "scope": "everything"}),
        says_json([ID]),
        says_json({"scope": SCOPE, "more": "x" * 10000}),
        never,
    ],
)
@played
async def test_what_no_twin_knows_is_refused(answer: Script) -> None:
    async with staged(twin=answer) as stage:
        refused = await stage.ask("GET", "/image/v2", *HOP)
        assert refused.status == 503
        assert f"the scope of the workflow {ID} is not remembered" in refused.json()["error"]["message"]
        assert (stage.here.visits, stage.there.visits) == ([], [])


@played
async def test_a_scope_of_its_own_asks_nobody() -> None:
    async with staged(there=says("204 No Content")) as stage:
        assert (await stage.ask("GET", "/image/v2", *HOP, 'X-Scope: {"image":"CloudTwo"}')).status == 204
        assert stage.twin.visits == []


@played
async def test_a_twin_is_told_what_is_remembered_and_nothing_else() -> None:
    async with staged() as stage:
        stage.bridge.workflows.remember(Workflow(ID, Scope(tuple(SCOPE.items()))), Memory())
        told = await stage.ask("GET", f"/.openstackoid/workflow/{ID}")
        assert (told.status, told.json()) == (200, {"id": ID, "scope": SCOPE})
        assert (await stage.ask("GET", f"/.openstackoid/workflow/{ID[:-1]}2")).status == 404


@played
async def test_what_came_meanwhile_is_not_overwritten_by_a_twins_answer() -> None:
    meant = Scope((("*", "CloudOne"), ("compute", "CloudTwo")))

    async def slowly(visit: Visit) -> None:
        stage.bridge.workflows.remember(Workflow(ID, meant), Memory())
        await says_json({"id": ID, "scope": SCOPE})(visit)

    async with staged(here=says("204 No Content"), twin=slowly) as stage:
        assert (await stage.ask("GET", "/image/v2", *HOP)).status == 204
        assert stage.bridge.workflows.known(ID) == meant
