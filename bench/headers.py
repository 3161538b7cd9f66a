# SPDX-License-Identifier: Apache-2.0
"""The headers that measured requests carry: a token, and a scope."""

import json

from bench.meshes import TOKEN

AUTH = f"X-Auth-Token: {TOKEN}"


def scope(**services: str) -> str:
    """Return the header of a scope."""
    return f"X-Scope: {json.dumps({name.replace('_', '-'): cloud for name, cloud in services.items()})}"
