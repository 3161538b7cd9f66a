# SPDX-License-Identifier: Apache-2.0
"""The Python service behind HAProxy: identity across clouds, and the requests that HAProxy cannot decide alone.

A request is read and handled in ``http``, decided by :mod:`openstackoid.routing`, authorized in ``identity`` if its user is of
another cloud, and sent on by ``proxy``. ``audit`` and ``trace`` write down what happened; ``pages`` shows it.
``python -m openstackoid.bridge`` runs the service.
"""
