# SPDX-License-Identifier: Apache-2.0
"""The links of a peer's version document, made to name the gateway that the client spoke to. Pure.

Clients build every later URL from these links. A service makes them from the ``Host`` that it is sent, which is the client's own
gateway, and from its own path prefix; or from an address that its operators have set, which is the peer's frontend.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Mending:
    """What is replaced: ``origins`` (scheme, host and port) that mean the peer, with its path ``prefix``, by ``root``."""

    origins: Collection[str]
    prefix: str
    root: str

    def link(self, url: str) -> str:
        """Return ``url`` under ``root`` where it is one of the peer's service, else as it is. A relative one stays so."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        origin = f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
        rest = url[len(origin) :]
        known = origin.removesuffix(":80") in {peer.removesuffix(":80") for peer in self.origins} or (
            not origin and not parts.scheme and rest.startswith("/")
        )
        if not known or not (rest == self.prefix or rest.startswith((f"{self.prefix}/", f"{self.prefix}?"))):
            return url
        return self.root + rest[len(self.prefix) :]

    def document(self, body: bytes) -> bytes:
        """Return a JSON document with each ``href`` mended. Raises ``ValueError`` when it is no JSON."""
        try:
            document = json.loads(body)
            self._mend(document)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return json.dumps(document).encode("ascii")

    def _mend(self, value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                if key == "href" and isinstance(item, str):
                    value[key] = self.link(item)
                else:
                    self._mend(item)
        elif isinstance(value, list):
            for item in value:
                self._mend(item)
