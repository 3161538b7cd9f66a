# SPDX-License-Identifier: Apache-2.0
"""What the gateway of another cloud gives for a token, and what is made of it."""

import pytest

from openstackoid.bridge.binding.exchange import LONGEST, TokenExchange
from openstackoid.bridge.errors import AnswerError
from openstackoid.scope import BOUND
from unit.bridge.stage import never, played, says_json, staged

SCOPE = '{"*":"CloudTwo","image":"CloudThree"}'
WHOLE = BOUND + "A" * (LONGEST - len(BOUND))


async def exchanged(given: object) -> str:
    """Return the token that is bound anew, where CloudTwo's gateway gives this one."""
    async with staged(here=never, there=says_json({"access_token": given})) as stage:
        exchange = TokenExchange(stage.bridge.context.tokens.exchange._upstream)
        return await exchange.bound(stage.mesh, "CloudTwo", "bound1.for-here", "CloudThree", scope=SCOPE, headers=())


@played
async def test_a_bound_token_as_long_as_it_may_be_is_passed_on() -> None:
    assert await exchanged(WHOLE) == WHOLE


@pytest.mark.parametrize("given", [f"{WHOLE}A", "plain", f"{BOUND}a b", f"{BOUND}!SCOPE!", 7, None])
@played
async def test_any_other_answer_is_the_other_gateways_fault(given: object) -> None:
    with pytest.raises(
        AnswerError, match="the gateway of CloudTwo answers 200 when asked to bind a token to CloudThree"
    ) as raised:
        await exchanged(given)
    assert raised.value.status == 502
