# SPDX-License-Identifier: Apache-2.0
"""The links of a peer's version document, made to name the gateway that the client spoke to. Pure.

Clients build every later URL from these links. A service makes them from the ``Host`` that it is sent, which is the client's own
gateway, and from its own path prefix; or from an address that its operators have set, which is the peer's frontend.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from openstackoid.mesh import FrontendUrl


@dataclass(frozen=True, slots=True)
class Links:
    """``hosts`` are the ``Host`` headers of the request; links of ``theirs`` become links of ``ours``.

    ``backend`` is another path below which their service may know itself: that of its process, behind its gateway.
    """

    hosts: tuple[str, ...]
    theirs: FrontendUrl
    ours: FrontendUrl
    backend: str | None = None

    def link(self, url: str) -> str:
        """Return a link of the peer's service as one of ours, and any other text as it is."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        path = url[len(origin) :]
        known = (self.theirs.prefix, *(() if self.backend is None else (self.backend,)))
        fitting = [prefix for prefix in known if path == prefix or path.startswith((f"{prefix}/", f"{prefix}?"))]
        if (parts.scheme and not parts.netloc) or not fitting:
            return url
        prefix = max(fitting, key=len)
        rest = self.ours.prefix + path[len(prefix) :]
        plain = origin.lower().removesuffix(":80")
        if not origin or plain in {f"http://{host.lower().removesuffix(':80')}" for host in self.hosts}:
            return (origin + rest) or "/"
        return self.ours.origin() + rest if plain == self.theirs.origin().removesuffix(":80") else url

    def document(self, body: bytes) -> bytes:
        """Return a JSON document with each absolute link in it mended; what is not JSON stays as it is."""
        try:
            return json.dumps(self._mended(json.loads(body))).encode("ascii")
        except (ValueError, RecursionError):
            return body

    def _mended(self, value: Any) -> Any:
        match value:
            case dict():
                return {key: self._mended(item) for key, item in value.items()}
            case list():
                return [self._mended(item) for item in value]
            case str() if value.startswith("http"):
                return self.link(value)
        return value
