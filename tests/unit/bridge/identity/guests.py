# SPDX-License-Identifier: Apache-2.0
"""A token of CloudTwo at CloudOne's gateway, and policies for it."""

from dataclasses import replace
from typing import Any

from openstackoid.policy import Policy, RequestPattern, Services
from unit.bridge.stage import MEMBERS, Script, Stage, Visit, says, says_json, token

FOREIGN = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'
PEER = MEMBERS.peers[0]
STRICT = replace(MEMBERS, audit="strict")
"""Of a use that HAProxy serves alone, the line is written after the answer."""


def policy(**changes: Any) -> Policy:
    return replace(MEMBERS, peers=(replace(PEER, **changes),))


def may(*patterns: str) -> Services:
    return Services((("image", tuple(map(RequestPattern.parse, patterns))),))


HOME_ID = "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"
"""An id as Keystone makes them."""
AT_HOME = {"id": HOME_ID, "name": "demo", "domain": {"id": "default", "name": "Default"}}


async def image(stage: Stage, method: str = "GET", path: str = "/image/v2/images", *more: str) -> tuple[int, str]:
    answer = await stage.ask(method, path, FOREIGN, *more)
    return answer.status, answer.body.decode()


class AnAccount:
    """A reader account whose token is always there."""

    async def token(self) -> str:
        return "account"

    def drop(self, token: str) -> None: ...

    def refused(self, status: int) -> Exception:
        raise AssertionError(status)


def vouched_for_by(credential: str, subject: str = "usr") -> Script:
    """A Keystone that has accepted the token, but validates it for ``credential`` alone."""

    async def keystone(visit: Visit) -> None:
        asks = visit.values("x-auth-token")
        assert visit.values("x-subject-token") == [subject]
        await (says_json(token()) if asks == [credential] else says("403 Forbidden"))(visit)

    return keystone
