# SPDX-License-Identifier: Apache-2.0
"""Each kind of Keystone's tokens, in each use: the table of docs/use/token-kinds.md.

``test_token_kinds.py`` tries each cell on the lab; a unit test compares the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """The answer for a user: the status, and for a refusal, words of its body."""

    status: int
    words: str = ""


WORKS = Outcome(200)
USES = {
    "home": "own cloud, no scope",
    "stays": "own cloud, with a scope",
    "abroad": "the other cloud",
    "workflow": "inside a workflow",
    "url": "log-in by a scoped URL",
}


@dataclass(frozen=True)
class Kind:
    """A kind of token: its key in ``logins.py``, the words of the table, and its result in each of ``USES``."""

    key: str
    words: str
    cells: tuple[Outcome, ...]

    def outcome(self, use: str) -> Outcome:
        """Return the result of one use."""
        return self.cells[list(USES).index(use)]


def _works(key: str, words: str, url: Outcome = WORKS) -> Kind:
    return Kind(key, words, (WORKS,) * 4 + (url,))


def _elsewhere(key: str, words: str, what: str) -> Kind:
    """A token for something else than a project: services at home refuse it by their own policies."""
    here = Outcome(403, "You are not authorized to complete get_images action")
    abroad = Outcome(403, f"gateway of CloudTwo: {what}")
    return Kind(key, words, (here, here, abroad, Outcome(403, "Policy doesn't allow os_compute_api:servers:create"), abroad))


_UNKNOWN = Outcome(401, "This server could not verify that you are authorized")
_UNKNOWN_ABROAD = Outcome(401, "gateway of CloudTwo: identity of CloudOne does not accept the token")
_UNKNOWN_HERE = Outcome(401, "gateway of CloudOne: identity of CloudOne does not accept the token")
_NOT_BY_ITSELF = Outcome(403, "refuses to validate the token by its own right (403)")
NO_READER = "impersonated trust, without a reader account"

KINDS = (
    _works("password", "password"),
    _works("rescoped", "a token for a token"),
    _works("two factors", "password and one-time code, by a receipt"),
    Kind(
        "receipt",
        "the receipt itself, of a log-in with one factor of two",
        (_UNKNOWN, _UNKNOWN, _UNKNOWN_ABROAD, _UNKNOWN_HERE, Outcome(401, '"required_auth_methods"')),
    ),
    _works("credential", "application credential"),
    _works("unrestricted credential", "application credential, unrestricted"),
    _works("credential with rules", "application credential with access rules that name the request"),
    _works("credential with more rules", "application credential with access rules that name the requests of services, too"),
    _works("trust", "trust"),
    _works("impersonated trust", "trust with impersonation"),
    _works("redelegated trust", "trust with impersonation, redelegated"),
    Kind(
        NO_READER,
        "trust with impersonation, where CloudTwo has no reader account at CloudOne",
        (WORKS, WORKS, _NOT_BY_ITSELF, Outcome(400, "Not authorized for image"), _NOT_BY_ITSELF),
    ),
    _works("OAuth2", "OAuth2, client credentials", Outcome(400, "/v3/OS-OAUTH2/token cannot put into a token")),
    _works("bound", "OAuth2, bound to the client's certificate", Outcome(403, "Using a delegated token to create another token")),
    _works("OAuth1", "OAuth1, access token", Outcome(400, "Authorization is a signature over the URL")),
    _works("EC2", "EC2 credentials"),
    _works("federated", "federated, for a project"),
    _elsewhere("federated, unscoped", "federated, unscoped", "a token without a project is not accepted from another cloud"),
    _elsewhere("unscoped", "unscoped", "a token without a project is not accepted from another cloud"),
    _elsewhere("domain", "for a domain", "a token for a domain is not accepted from another cloud"),
    _elsewhere("system", "for the system", "a token for a system is not accepted from another cloud"),
    Kind("expired", "expired", (_UNKNOWN, _UNKNOWN, _UNKNOWN_ABROAD, _UNKNOWN_HERE, Outcome(404, "Failed to validate token"))),
)


def cells() -> list[tuple[str, str]]:
    """Return each kind with each use."""
    return [(kind.key, use) for kind in KINDS for use in USES]


def page() -> str:
    """Return the table, and the words of the refusals below it."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    said: list[str] = []
    yield f"| token | {' | '.join(USES.values())} |"
    yield "| --- " * (len(USES) + 1) + "|"
    for kind in KINDS:
        yield f"| {kind.words} | {' | '.join(_shown(cell, said) for cell in kind.cells)} |"
    yield ""
    for number, words in enumerate(said, 1):
        yield f"{number}. {words}"


def _shown(cell: Outcome, said: list[str]) -> str:
    if not cell.words:
        return "works"
    words = f"`{cell.words}`"
    if words not in said:
        said.append(words)
    return f"{cell.status} ({said.index(words) + 1})"
