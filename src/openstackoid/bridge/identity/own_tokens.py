# SPDX-License-Identifier: Apache-2.0
"""Tokens of this cloud: their users; and those that a scope calls another cloud's, which are not sent there.

An unbound token does not name its issuer, so a client that names the wrong cloud would send the token there.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from openstackoid.bridge.errors import AnswerError, token_not_accepted, without_gateway
from openstackoid.bridge.identity.readers import AccountError, Reader
from openstackoid.bridge.identity.token_record import token_digest
from openstackoid.bridge.identity.token_validation import Asked, TokenValidator
from openstackoid.bridge.log import LOG
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.upstream.target import target_of
from openstackoid.mesh import Mesh
from openstackoid.policy import Principal
from openstackoid.routing import IDENTITY, TOKENS_PATH

MOST = 20_000
"""Tokens of other clouds that are cached; the oldest is removed first."""

SECONDS = 60.0
"""Seconds for which a token is taken for another cloud's: this Keystone may refuse a token of its own for some time."""


class OwnTokens:
    """Asks the Keystone of the cloud ``at`` about its own tokens, and about those that another cloud is said to have issued."""

    def __init__(self, at: str, validator: TokenValidator, clock: Callable[[], float] = time.monotonic) -> None:
        self._at = at
        self._validator = validator
        self._clock = clock
        self._foreign: OrderedDict[bytes, float] = OrderedDict()
        self._said = ""

    def asked(self, mesh: Mesh, account: Reader | None) -> Asked | None:
        """Return how Keystone is asked; about an expired token as well, where ``account`` may validate tokens."""
        here = mesh.clouds[self._at]
        identity = here.endpoint(IDENTITY, "public")
        if identity is None:
            return None
        target = target_of(mesh, self._at, identity, identity.frontend.prefix + TOKENS_PATH)
        return Asked(identity, target, here.policy.seconds, here.timeouts, account, late=account is not None)

    async def user(self, token: str, head: Head, asked: Asked | None) -> Principal | None:
        """Return the user of a token of this cloud; None where Keystone does not accept the token, or names no user.

        Raises :class:`AnswerError` where it cannot be asked.
        """
        try:
            return None if asked is None else await self._validator.of(token, asked, head)
        except AccountError as error:
            self._warn(error)
            return None
        except AnswerError as error:
            if error.status != 403:
                raise
            return None

    async def refuse(self, token: str, issuer: str, head: Head, asked: Asked | None) -> None:
        """Raise :class:`AnswerError` (401) for a token of this cloud that is called one of ``issuer``.

        Without the account of this cloud, also where it is broken, an expired one is not recognised.
        """
        digest = token_digest(token)
        if self._clock() < self._foreign.get(digest, 0.0) or asked is None:
            return
        try:
            own = await self._validator.of(token, asked, head) is not None
        except AccountError as error:
            self._warn(error)
            if not error.accepted:
                return
            own = True
        except AnswerError as error:
            # 403: Keystone accepts the token, but names no user.
            if error.status != 403:
                raise
            own = True
        if own:
            raise token_not_accepted(self._at, issuer)
        self._said = ""
        self._foreign[digest] = self._clock() + SECONDS
        self._foreign.move_to_end(digest)
        if len(self._foreign) > MOST:
            self._foreign.popitem(last=False)

    def _warn(self, error: AccountError) -> None:
        """Log a fault of the account once, until it is over."""
        if error.message != self._said:
            self._said = error.message
            fault = without_gateway(error.message, self._at)
            LOG.warning("expired tokens of %s are not recognised: %s", self._at, fault)
