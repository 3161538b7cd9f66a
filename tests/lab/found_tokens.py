# SPDX-License-Identifier: Apache-2.0
"""Tokens in the bytes that CloudTwo's operator can read: CloudOne's, plain or encoded, and bound ones."""

import base64
import re
from collections import defaultdict
from urllib.parse import quote

from lab.meaning import World

TOKEN = re.compile(rb"gAAAAA[A-Za-z0-9_-]{60,}")
_BOUND = re.compile(rb"(bound1\.[A-Za-z0-9_-]+)(?:~([A-Za-z0-9_-]+))?")


def owner(world: World, token: str) -> tuple[str, str] | None:
    """Return user and project of a token of CloudOne; None where CloudOne's Keystone does not know it."""
    asked = {"X_Auth_Token": world.token("CloudOne-admin"), "X_Subject_Token": token}
    answer = world.ask("GET", "CloudOne", "identity", "/v3/auth/tokens?nocatalog", **asked)
    if answer.status_code == 404:
        return None
    told = answer.json()["token"]
    return told["user"]["name"], told.get("project", {}).get("name", "")


def owners(world: World, sent: bytes) -> dict[str, tuple[str, str]]:
    """Return the tokens of CloudOne in the requests, with their owners."""
    tokens = {found.decode() for found in TOKEN.findall(sent)}
    return {token: known for token in tokens if (known := owner(world, token)) is not None}


def forms(token: str) -> set[bytes]:
    """Return the token in forms in which it could hide: as it is, quoted, in hex, in base64 wherever it begins."""
    plain = token.encode()
    found = {plain, quote(token, safe="").encode(), plain.hex().encode()}
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # The characters at both ends depend on the neighbours.
            found.add(encode(b"\0" * before + plain)[4:-4])
    return found


def bound_tokens(sent: bytes) -> dict[str, set[str]]:
    """Return the bound tokens in the bytes, each with the scopes that stand behind it, as a client's header has them."""
    found: dict[str, set[str]] = defaultdict(set)
    for token, scope in _BOUND.findall(sent):
        found[token.decode()] |= {f"~{scope.decode()}"} if scope else set()
    return dict(found)
