# SPDX-License-Identifier: Apache-2.0
"""Tokens of this cloud that are called another cloud's."""

from typing import cast

import pytest

from conformance.clouds import three_clouds
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.own_tokens import SECONDS, OwnTokens
from openstackoid.bridge.identity.readers import AccountError, Reader
from openstackoid.bridge.identity.token_validation import TokenValidator
from openstackoid.bridge.message.head import Head
from openstackoid.mesh import Listener
from openstackoid.policy import Principal, principal_of
from unit.bridge.stage import QUESTION, Visit, played, says, says_json, staged, token

HEAD = Head("GET", Listener("127.0.0.1", 8801), "/image/v2/images", None, ())
LATE = QUESTION.replace("nocatalog", "nocatalog&allow_expired=1")


class Validator(Reader):
    async def token(self) -> str:
        return "account"

    def drop(self, token: str) -> None:
        pass

    def refused(self, status: int) -> AccountError:
        return AccountError(503, f"refused: {status}")


async def keystone(visit: Visit) -> None:
    """Know an expired token, and its own account."""
    if visit.values("x-auth-token") != ["account"]:
        await says("401 Unauthorized")(visit)
    elif visit.line == LATE and visit.values("x-subject-token") == ["expired"]:
        await says_json(token())(visit)
    else:
        await says("404 Not Found")(visit)


@pytest.mark.parametrize(("which", "own"), [("expired", True), ("of-another-cloud", False)])
@played
async def test_an_expired_token_of_this_cloud_is_not_called_another_clouds(which: str, own: bool) -> None:
    async with staged(here=keystone, there=says("200 OK"), keystone=keystone) as stage:
        tokens, mesh = stage.bridge.context.tokens.own, stage.mesh
        asked = tokens.asked(mesh, Validator())
        if own:
            with pytest.raises(AnswerError, match="identity of CloudTwo does not accept the token") as raised:
                await tokens.refuse(which, "CloudTwo", HEAD, asked)
            assert raised.value.status == 401
        else:
            await tokens.refuse(which, "CloudTwo", HEAD, asked)


class Broken(Validator):
    async def token(self) -> str:
        raise AccountError(503, "gateway of CloudOne: the account of 'validator' was refused: 401")


async def accepting(visit: Visit) -> None:
    """Accept a token of a trust, but do not tell of it."""
    await says("403 Forbidden")(visit)


@played
async def test_a_broken_account_fails_no_plain_token_of_a_peers_user(caplog: pytest.LogCaptureFixture) -> None:
    async with staged(here=keystone, there=says("200 OK"), keystone=keystone) as stage:
        tokens, mesh = stage.bridge.context.tokens.own, stage.mesh
        asked = tokens.asked(mesh, Broken())
        for _ in range(3):
            await tokens.refuse("of-another-cloud", "CloudTwo", HEAD, asked)
        assert await tokens.user("expired", HEAD, asked) is None
    assert [record.message for record in caplog.records if "validator" in record.message] == [
        "expired tokens of CloudOne are not recognised: the account of 'validator' was refused: 401"
    ]


@played
async def test_with_a_broken_account_a_token_that_this_cloud_accepts_is_still_its_own() -> None:
    async with staged(here=accepting, there=says("200 OK"), keystone=accepting) as stage:
        tokens, mesh = stage.bridge.context.tokens.own, stage.mesh
        with pytest.raises(AnswerError, match="identity of CloudTwo does not accept the token") as raised:
            await tokens.refuse("of-a-trust", "CloudTwo", HEAD, tokens.asked(mesh, Broken()))
        assert raised.value.status == 401


@played
async def test_an_expired_token_has_a_user_where_an_account_may_validate_it() -> None:
    async with staged(here=keystone, there=says("200 OK"), keystone=keystone) as stage:
        tokens, mesh = stage.bridge.context.tokens.own, stage.mesh
        user = await tokens.user("expired", HEAD, tokens.asked(mesh, Validator()))
        assert user is not None
        assert user.user.name == "demo"
        assert await tokens.user("expired", HEAD, tokens.asked(mesh, None)) is None


class Late:
    """Of a Keystone that does not know its own new token yet."""

    known = False

    async def of(self, *_: object) -> Principal | None:
        return principal_of(token()) if self.known else None


@played
async def test_a_token_that_this_keystone_has_refused_is_not_another_clouds_for_ever() -> None:
    now, keystone, mesh = [0.0], Late(), three_clouds()
    tokens = OwnTokens("CloudOne", cast(TokenValidator, keystone), clock=lambda: now[0])
    asked = tokens.asked(mesh, None)
    await tokens.refuse("new", "CloudTwo", HEAD, asked)
    keystone.known = True
    now[0] = SECONDS - 1
    await tokens.refuse("new", "CloudTwo", HEAD, asked)
    now[0] = SECONDS
    with pytest.raises(AnswerError, match="identity of CloudTwo does not accept the token"):
        await tokens.refuse("new", "CloudTwo", HEAD, asked)
