# SPDX-License-Identifier: Apache-2.0
"""The user's side: the plugin of ``openstack``, and the scope in openstacksdk and keystoneauth.

:mod:`~openstackoid.client.plugin` reads ``--os-scope``; openstacksdk calls :mod:`~openstackoid.client.hook` with a new
connection; :mod:`~openstackoid.client.choice` finds its scope; :mod:`~openstackoid.client.origins` knows the cloud's own
endpoints; :mod:`~openstackoid.client.adapter` sends the header. Programs use :mod:`~openstackoid.client.sdk` (``connect``) and
:mod:`~openstackoid.client.block` (``scoped``). :mod:`~openstackoid.client.pages` reads a gateway's pages;
:mod:`~openstackoid.client.commands` shows them with the result of :mod:`~openstackoid.client.in_force`, and
:mod:`~openstackoid.client.trace` draws the tree of :mod:`~openstackoid.client.hops`.
:mod:`~openstackoid.client.cloud_column` adds the clouds of :mod:`~openstackoid.client.merged_items` to lists.
"""
