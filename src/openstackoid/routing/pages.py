# SPDX-License-Identifier: Apache-2.0
"""The gateway's own pages: paths on each of its sockets that are never routed."""

PAGES = "/.openstackoid/"
HEALTH, MESH, TRACE = f"{PAGES}health", f"{PAGES}mesh", f"{PAGES}trace/"
ROUND_TRIPS = f"{PAGES}round-trips"
"""The times from this cloud's gateway to those of others."""

USER = f"{PAGES}user"
TOKEN = f"{PAGES}token"
"""Where the gateway of a peer has a token of this cloud bound to the next cloud (:mod:`openstackoid.binding`)."""

ONLY_HERE = "only=here"
"""The query with which gateways ask each other, so that a question does not go round."""
