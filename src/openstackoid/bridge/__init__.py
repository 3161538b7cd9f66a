# SPDX-License-Identifier: Apache-2.0
"""The Python service behind HAProxy: identity across clouds, and the requests that HAProxy cannot decide alone.

A request passes a few small steps: it is read (:mod:`~openstackoid.bridge.head`, :mod:`~openstackoid.bridge.tokens`), decided
(:mod:`openstackoid.routing`), then relayed to a Keystone whose answer is adapted (:mod:`~openstackoid.bridge.relay`) or forwarded
as it is (:mod:`~openstackoid.bridge.forward`). What the gateway knows of the mesh and of traced workflows stands on its own pages
(:mod:`~openstackoid.bridge.pages`). ``python -m openstackoid.bridge`` runs it.
"""
