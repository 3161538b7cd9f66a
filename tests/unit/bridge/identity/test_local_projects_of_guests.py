# SPDX-License-Identifier: Apache-2.0
"""The project of another cloud's user becomes one of this cloud's, in the path, the query and the document."""

import json
from dataclasses import replace

import pytest

from openstackoid.bridge.identity.guest_project import DOCUMENT_LIMIT
from openstackoid.policy import Domain, DomainScoped, RequestPattern, Services, derived_id
from unit.bridge.identity.guests import AT_HOME, FOREIGN, HOME_ID, PEER, image, may, policy
from unit.bridge.stage import (
    played,
    says,
    says_json,
    staged,
    token,
)


@played
async def test_a_project_in_the_path_becomes_the_one_that_the_user_has_here() -> None:
    async with staged(here=says("200 OK"), there=says_json(token(project=AT_HOME))) as stage:
        volumes = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","block-storage":"CloudOne"}'
        assert (await stage.ask("GET", f"/volume/v3/{HOME_ID}/volumes?x={HOME_ID}", volumes)).status == 200
        assert (await stage.ask("GET", "/volume/v3/other/volumes", volumes)).status == 200
        lines = [visit.line for visit in stage.here.visits]
    ours = derived_id("CloudTwo", "project", HOME_ID)
    assert lines == [f"GET /v3/{ours}/volumes?x={HOME_ID} HTTP/1.1", "GET /v3/other/volumes HTTP/1.1"]


@played
async def test_a_project_in_the_query_or_the_document_becomes_the_one_that_the_user_has_here() -> None:
    async with staged(here=says("201 Created"), there=says_json(token(project=AT_HOME))) as stage:
        sent = b'{"owner": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f", "name": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"}'
        for kind in ("application/json", "application/octet-stream"):
            made = await stage.ask("POST", f"/image/v2/images?owner={HOME_ID}", FOREIGN, f"Content-Type: {kind}", body=sent)
            assert made.status == 201, made.body
        mapped, streamed = stage.here.visits
    ours = derived_id("CloudTwo", "project", HOME_ID)
    assert mapped.line == streamed.line == f"POST /v2/images?owner={ours} HTTP/1.1"
    assert (json.loads(mapped.body), streamed.body) == ({"owner": ours, "name": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"}, sent)
    assert mapped.values("content-length") == [str(len(mapped.body))]


@pytest.mark.parametrize("size", [DOCUMENT_LIMIT, DOCUMENT_LIMIT + 1])
@played
async def test_a_document_that_is_too_large_streams_on_as_it_is(size: int) -> None:
    async with staged(here=says("201 Created"), there=says_json(token(project=AT_HOME))) as stage:
        sent = b'{"owner": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"}'.ljust(size)
        made = await stage.ask("POST", "/image/v2/images", FOREIGN, "Content-Type: application/json", body=sent)
        assert made.status == 201, made.body
        (came,) = stage.here.visits
    assert (came.body == sent) is (size > DOCUMENT_LIMIT)


@played
async def test_a_project_that_keeps_its_id_is_not_replaced() -> None:
    kept = policy(people=(replace(PEER.people[0], project="keep"),))
    async with staged(here=says("201 Created"), there=says_json(token(project=AT_HOME)), policy=kept) as stage:
        sent = b'{ "owner":"5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f" }'
        made = await stage.ask(
            "POST",
            f"/image/v2/images?owner={HOME_ID}",
            FOREIGN,
            "Content-Type: application/json",
            body=sent,
        )
        assert made.status == 201, made.body
        (came,) = stage.here.visits
    assert (came.line, came.body) == (f"POST /v2/images?owner={HOME_ID} HTTP/1.1", sent)


@played
async def test_a_project_becomes_that_one_of_ours_which_the_policy_names() -> None:
    guests = DomainScoped("guests-id", "guests", Domain("default", "Default"))
    fixed = policy(people=(replace(PEER.people[0], project=guests),))
    async with staged(here=says("200 OK"), there=says_json(token(project=AT_HOME)), policy=fixed) as stage:
        assert (await image(stage, "GET", f"/image/v2/images?owner={HOME_ID}"))[0] == 200
        (came,) = stage.here.visits
    assert came.line == "GET /v2/images?owner=guests-id HTTP/1.1"


@played
async def test_a_project_that_is_called_like_a_route_is_replaced_nowhere() -> None:
    """Its cloud could choose the id so that a path that the policy allows becomes another one."""
    route = {**AT_HOME, "id": "volumes"}
    rules = policy(services=Services((("block-storage", (RequestPattern.parse("GET /v3/volumes/**"),)),)))
    async with staged(here=says("200 OK"), there=says_json(token(project=route)), policy=rules) as stage:
        volumes = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","block-storage":"CloudOne"}'
        assert (await stage.ask("GET", "/volume/v3/volumes/backups", volumes)).status == 200
        (came,) = stage.here.visits
    assert came.line == "GET /v3/volumes/backups HTTP/1.1"


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        (may("GET /v2/images/*/members/5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"), 200),
        (may(f"GET /v2/images/*/members/{derived_id('CloudTwo', 'project', HOME_ID)}"), 403),
    ],
)
@played
async def test_the_policy_judges_the_path_as_it_was_asked_for(rules: Services, status: int) -> None:
    async with staged(here=says("200 OK"), there=says_json(token(project=AT_HOME)), policy=policy(services=rules)) as stage:
        assert (await image(stage, "GET", f"/image/v2/images/i/members/{HOME_ID}"))[0] == status
