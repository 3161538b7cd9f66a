# SPDX-License-Identifier: Apache-2.0
"""Audience-bound tokens: a token of this cloud, sealed for the gateway of one peer, and the keys that seal it."""

from openstackoid.binding.keys import Key, Keys, KeysError, load_keys
from openstackoid.binding.repository import KeyRepository, repository_of, state_of
from openstackoid.binding.token import (
    LONGER,
    WINDOW,
    BoundToken,
    BoundTokenError,
    Kind,
    audience_digest,
    ends_at,
    is_bound,
    open_token,
    scope_digest,
    seal_token,
)

__all__ = [
    "LONGER",
    "WINDOW",
    "BoundToken",
    "BoundTokenError",
    "Key",
    "KeyRepository",
    "Keys",
    "KeysError",
    "Kind",
    "audience_digest",
    "ends_at",
    "is_bound",
    "load_keys",
    "open_token",
    "repository_of",
    "scope_digest",
    "seal_token",
    "state_of",
]
