# SPDX-License-Identifier: Apache-2.0
"""The headers that measured requests carry: a token, and a scope."""

import json

from bench.meshes import GUEST_SCOPE, TOKEN
from openstackoid.routing.loops import VIA, passed
from openstackoid.routing.wire_version import HEADER
from openstackoid.scope import WIRE, join_token

AUTH = f"X-Auth-Token: {TOKEN}"
REQUEST_ID = "X-OpenStack-Request-Id: req-1a2b3c4d-93a5-4a1c-8c5e-0d4bb7d7a5d1"
GUEST = (AUTH + join_token("", GUEST_SCOPE), f"{VIA}: {passed('CloudTwo')}", f"{HEADER}: {WIRE}", REQUEST_ID)
"""The headers of a guest's request, as the gateway of CloudTwo sends it on."""


def scope(**services: str) -> str:
    """Return the header of a scope."""
    return f"X-Scope: {json.dumps({name.replace('_', '-'): cloud for name, cloud in services.items()})}"


def said_twice(image: str) -> tuple[str, str]:
    """Return the headers that say the cloud of ``image`` in two places. HAProxy keeps no route of such a request."""
    return AUTH + join_token("", json.dumps({"image": image})), scope(image=image)
