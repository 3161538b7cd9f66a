# SPDX-License-Identifier: Apache-2.0
"""The names of a request's headers as HAProxy rules: looked up once in a map of patterns, and kept as bits of a number.

HAProxy keeps the results of matches: names that it has seen cost no search.
"""

from itertools import combinations

from openstackoid.haproxy.maps import NAMES

_TELLING, _ODD, _CLAIMS = 1, 2, 4

_PATTERNS = {
    # ``x-s`` finds X-Scope and the tokens but the user's; ``_``, names that a WSGI server reads as others; the last, two tokens.
    _TELLING: "x-s|authorization|upgrade|x-openstackoid-|_|x-auth-token,(.*,)?x-auth-token",
    _ODD: "(^|,)([^,]*_|upgrade|via|expect|authorization|x-s(ervice|torage|ubject)-token|x-storage-pass|x-auth-key"
    "|x-target-auth-token|x-openstackoid-|x-scope,(.*,)?x-scope|x-auth-token,(.*,)?x-auth-token)",
    _CLAIMS: "forwarded|-client-ip|x-real-ip",
}
"""Bits, and what the names of headers then hold."""

HAS_CLAIMS = f"{{ var(txn.names),and({_CLAIMS}) gt 0 }}"
"""Holds if the client claims an address, or the way of the request."""


def names_map() -> str:
    """Return the patterns of the map: one for each set of bits, the larger sets first, as the first that matches counts."""
    sets = [bits for size in range(len(_PATTERNS), 0, -1) for bits in combinations(_PATTERNS, size)]
    return "".join(f"^{''.join(f'(?=.*({_PATTERNS[bit]}))' for bit in bits)} {sum(bits)}\n" for bits in sets)


def find() -> str:
    """Return the rule that looks up the names, in each frontend that leads to services or peers."""
    return f"http-request set-var(txn.names) req.hdr_names,map_reg_int({NAMES})"


def acls() -> list[str]:
    """Return the conditions that the names alone have rules look at a request, and that its first look-up is left out."""
    return [f"acl tells_more var(txn.names),and({_TELLING}) gt 0", f"acl tells_odd var(txn.names),and({_ODD}) gt 0"]
