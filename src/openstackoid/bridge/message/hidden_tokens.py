# SPDX-License-Identifier: Apache-2.0
"""Take the tokens of a bound request out of its answer, and bind the new ones that the answer brings."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from openstackoid.binding import is_bound
from openstackoid.routing import Headers
from openstackoid.routing.reading import SUBJECT

SHORTEST = 16
"""Characters of a token that is looked for inside other text: a Keystone's has 32 at least."""

_WITHOUT_SCOPE = re.compile(r"[^~!]*")
_STAR = b"*"


@dataclass(frozen=True, slots=True)
class HiddenTokens:
    """The tokens that no answer may show: pairs of a token, and the bound form in which it came.

    ``issue`` binds a token that Keystone has issued by way of a peer; None where the client is not a gateway.
    """

    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    issue: Callable[[str], str] | None = field(default=None, repr=False)

    def headers(self, headers: Headers) -> Headers:
        """Return the headers of an answer as they leave."""
        if not self.pairs and self.issue is None:
            return headers
        return tuple((name, self._value(name, value)) for name, value in headers)

    def body(self, content: bytes) -> bytes:
        """Return the body of an answer, of the same length, without the tokens."""
        for token, _ in self._looked_for:
            known = token.encode()
            content = content.replace(known, _STAR * len(known))
        return content

    async def stream(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield a body that comes in chunks without the tokens, also without one that two chunks hold."""
        keep = max((len(token.encode()) - 1 for token, _ in self._looked_for), default=0)
        held = b""
        async for chunk in chunks:
            held = self.body(held + chunk)
            end = max(0, len(held) - keep)
            if end:
                yield held[:end]
                held = held[end:]
        if held:
            yield held

    @property
    def _looked_for(self) -> list[tuple[str, str]]:
        return [(token, bound) for token, bound in self.pairs if len(token) >= SHORTEST]

    def _value(self, name: str, value: str) -> str:
        if name.lower() == SUBJECT:
            bare = _WITHOUT_SCOPE.match(value)[0]  # type: ignore[index]  # it always matches
            return self._bound(bare) + value[len(bare) :]
        for token, bound in self._looked_for:
            value = value.replace(token, bound)
        return value

    def _bound(self, token: str) -> str:
        known = dict(self.pairs).get(token)
        if known is not None or not token or is_bound(token) or self.issue is None:
            return token if known is None else known
        return self.issue(token)


NONE = HiddenTokens()
"""Of a request without a bound token."""
