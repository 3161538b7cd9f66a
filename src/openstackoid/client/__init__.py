# SPDX-License-Identifier: Apache-2.0
"""The user's side: the plugin of the stock ``openstack`` command, and what makes openstacksdk and keystoneauth send a scope.

A way through the package: :mod:`~openstackoid.client.plugin` reads ``--os-scope``, :mod:`~openstackoid.client.hook` is called by
openstacksdk with the new connection, :mod:`~openstackoid.client.choice` finds the scope that holds for it,
:mod:`~openstackoid.client.origins` knows the cloud's own endpoints, and :mod:`~openstackoid.client.adapter` writes the header.

A program has :mod:`~openstackoid.client.sdk` (``connect``) and :mod:`~openstackoid.client.block` (``scoped``). What a gateway
tells is read by :mod:`~openstackoid.client.pages`; :mod:`~openstackoid.client.commands` shows it with what
:mod:`~openstackoid.client.in_force` finds, and :mod:`~openstackoid.client.trace` draws the tree of
:mod:`~openstackoid.client.hops`.
"""
