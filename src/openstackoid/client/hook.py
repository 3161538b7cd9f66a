# SPDX-License-Identifier: Apache-2.0
"""The vendor hook: openstacksdk's own way to let others prepare a connection.

Where a cloud's configuration holds ``vendor_hook: module:function``, ``openstack.connection.Connection`` calls the function with
itself, after its session is there and before any request. The plugin sets that key for ``openstack``; a program that uses
openstacksdk sets it in clouds.yaml: ``vendor_hook: openstackoid.client.hook:install``.
"""

import weakref
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

from keystoneauth1.access import AccessInfo
from keystoneauth1.session import Session
from openstack.connection import Connection

from openstackoid.client.adapter import mount
from openstackoid.client.choice import chosen_scope
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.origins import CloudOrigins

_OURS = "openstackoid.client."


def install(connection: Connection) -> None:
    """Make the connection send the scope that its cloud's configuration chooses, then call the hook that ours stands before.

    Raises :class:`ScopeRefusedError` for everything that goes wrong before the scope is in place: no other error may leave,
    because openstacksdk would pass over it and talk to the cloud without the scope. Errors of the other hook leave as they are.
    """
    try:
        prepare(connection)
        following = _following_hook(connection)
    except ScopeRefusedError:
        raise
    except Exception as error:
        raise ScopeRefusedError(f"the scope cannot be sent, so nothing is: {type(error).__name__}: {error}") from error
    if following:
        EntryPoint(name="vendor_hook", value=following, group="vendor_hook").load()(connection)


def prepare(connection: Connection) -> None:
    """Mount the scope, where there is one, on the connection's session.

    openstacksdk's caches know nothing of scopes. Answers under a scope are not cached, for their key is the path alone. A kept
    token would hand the next command the identity and the catalog of this scope, so such a scope is refused.
    """
    region = connection.config
    scope = chosen_scope(region.config, _entry(connection), region.name)
    if scope is None:
        return
    if scope.cloud_for("identity", "") and not region.skip_auth_cache():
        raise ScopeRefusedError(f"{region.name}: a scope of 'identity' or '*' cannot be used while tokens are kept (cache: auth)")
    connection.cache_enabled = False
    session = weakref.ref(connection.session)
    mount(connection.session.session, scope, CloudOrigins(region.config, lambda: _access(session())))


def _access(session: Session | None) -> AccessInfo | None:
    """Return what is known of the current token, without asking for one."""
    access = getattr(session.auth, "auth_ref", None) if session is not None else None
    return access if isinstance(access, AccessInfo) else None


def _entry(connection: Connection) -> Mapping[str, Any]:
    """Return the cloud's entry in clouds.yaml as it was read, or nothing for a connection that was made without one."""
    source = getattr(connection.config, "_openstack_config", None)
    entry = source.cloud_config["clouds"].get(connection.config.name) if source is not None else None
    return entry if isinstance(entry, Mapping) else {}


def _following_hook(connection: Connection) -> str | None:
    """Return the hook that openstacksdk would have called without us: the entry's own, else its vendor profile's."""
    entry = _entry(connection)
    own = entry.get("vendor_hook")
    if own and not str(own).startswith(_OURS):
        return str(own)
    profile = entry.get("profile", entry.get("cloud"))
    if not profile:
        return None
    # A cloud without a name and with a profile is that profile alone, the user's clouds-public.yaml included.
    source = connection.config._openstack_config
    of_profile = source.get_one(cloud="", profile=profile, validate=False).config.get("vendor_hook") if source else None
    return str(of_profile) if of_profile else None
