# SPDX-License-Identifier: Apache-2.0
"""The user's side: the plugin of the stock ``openstack`` command, and the hook that makes openstacksdk send a scope.

A way through the package: :mod:`~openstackoid.client.plugin` reads ``--os-scope``, :mod:`~openstackoid.client.hook` is called by
openstacksdk with the new connection, :mod:`~openstackoid.client.choice` finds the scope that holds for it,
:mod:`~openstackoid.client.origins` knows the cloud's own endpoints, and :mod:`~openstackoid.client.adapter` writes the header.
"""
