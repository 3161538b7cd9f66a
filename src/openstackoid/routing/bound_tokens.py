# SPDX-License-Identifier: Apache-2.0
"""How the Python service teaches HAProxy the bound tokens of a request that leaves."""

from openstackoid.routing.route_cache import PREFIX

USER_TOKEN, USER_SLOT = f"{PREFIX}-bound", f"{PREFIX}-bound-slot"
SERVICE_TOKEN, SERVICE_SLOT = f"{PREFIX}-service-bound", f"{PREFIX}-service-bound-slot"
"""Headers of an answer: the bound tokens in X-Auth-Token and in X-Service-Token, and the slots to store them in."""
