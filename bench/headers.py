# SPDX-License-Identifier: Apache-2.0
"""The headers that measured requests carry: a token, and a scope."""

import json

from bench.meshes import TOKEN
from openstackoid.scope import join_token

AUTH = f"X-Auth-Token: {TOKEN}"


def scope(**services: str) -> str:
    """Return the header of a scope."""
    return f"X-Scope: {json.dumps({name.replace('_', '-'): cloud for name, cloud in services.items()})}"


def said_twice(image: str) -> tuple[str, str]:
    """Return the headers that say the cloud of ``image`` in two places. HAProxy keeps no route of such a request."""
    return AUTH + join_token("", json.dumps({"image": image})), scope(image=image)
