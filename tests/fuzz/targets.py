# SPDX-License-Identifier: Apache-2.0
"""All targets, the quick ones first."""

from fuzz import (
    bound_tokens,
    differential,
    dispatched,
    documents,
    haproxy_lines,
    heads,
    http_bytes,
    mesh_text,
    policy_tokens,
    scope_text,
    scope_url,
)
from fuzz.target import Target

TARGETS: tuple[Target, ...] = (
    scope_text.TARGET,
    scope_url.SEGMENT,
    scope_url.TOKEN,
    heads.TARGET,
    mesh_text.TARGET,
    mesh_text.COMPILED,
    documents.BODIES,
    documents.PEERS,
    documents.ROWS,
    documents.HEADERS,
    haproxy_lines.TARGET,
    policy_tokens.TARGET,
    bound_tokens.TARGET,
    dispatched.TARGET,
    differential.TARGET,
    http_bytes.TARGET,
)


def named(name: str) -> Target:
    """Return the target of this name. Raises ``KeyError``."""
    return {target.name: target for target in TARGETS}[name]
