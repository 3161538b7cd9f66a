# SPDX-License-Identifier: Apache-2.0
"""This cloud's Keystone tells whether a project is local; the answer is cached as the policy says."""

import pytest

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity import local_projects
from openstackoid.bridge.identity.local_projects import LocalProjects
from unit.bridge.stage import Script, Stage, never, played, says, staged


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def has(ids: LocalProjects, stage: Stage, project: str = "p1") -> bool:
    return await ids.has_project(project, "glance", stage.mesh, "public")


@played
async def test_one_that_is_not_ours_is_asked_about_again_later() -> None:
    async with staged(here=says("404 Not Found")) as stage:
        clock = Clock()
        ids = LocalProjects(stage.bridge.context.authorizer.upstream, clock)
        assert not await has(ids, stage)
        assert not await has(ids, stage)
        assert len(stage.here.visits) == 1
        clock.now += 61
        assert not await has(ids, stage)
        assert len(stage.here.visits) == 2


@played
async def test_one_that_is_ours_is_never_taken_for_another() -> None:
    async with staged(here=says("200 OK", body=b"{}")) as stage:
        ids = LocalProjects(stage.bridge.context.authorizer.upstream)
        assert await has(ids, stage)
        assert await has(ids, stage)
        assert len(stage.here.visits) == 2


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        (says("401 Unauthorized"), 503, "answers 401 to the validating service"),
        (says("500 Oops"), 503, "answers 500"),
        (never, 504, "identity of CloudOne does not answer"),
        (says("200 OK", body=b"x" * 70_000), 502, "larger than 65536 bytes"),
    ],
)
@played
async def test_an_unusable_answer_of_keystone_refuses_the_token(script: Script, status: int, words: str) -> None:
    async with staged(here=script) as stage:
        with pytest.raises(AnswerError) as caught:
            await has(LocalProjects(stage.bridge.context.authorizer.upstream), stage)
    assert (caught.value.status, words in caught.value.message) == (status, True)


@played
async def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_projects, "MOST", 1)
    async with staged(here=says("404 Not Found")) as stage:
        ids = LocalProjects(stage.bridge.context.authorizer.upstream)
        for project in ("p1", "p2", "p1"):
            await has(ids, stage, project)
        assert len(stage.here.visits) == 3
