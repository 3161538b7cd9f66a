# SPDX-License-Identifier: Apache-2.0
"""The Python service behind HAProxy: identity across clouds, and the requests that HAProxy cannot decide alone.

``http`` reads a request, :mod:`openstackoid.routing` decides it, ``identity`` authorizes users of other clouds, and ``proxy``
sends it on. ``audit`` and ``trace`` record it; ``pages`` shows records. ``python -m openstackoid.bridge`` runs the service.
"""
