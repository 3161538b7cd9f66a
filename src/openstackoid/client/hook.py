# SPDX-License-Identifier: Apache-2.0
"""The vendor hook: openstacksdk's own way to let others prepare a connection.

Where a cloud's configuration holds ``vendor_hook: module:function``, ``openstack.connection.Connection`` calls the function with
itself, after its session is there and before any request. The plugin sets that key for ``openstack``; a program that uses
openstacksdk sets it in clouds.yaml: ``vendor_hook: openstackoid.client.hook:install``.
"""

from importlib.metadata import EntryPoint

from openstack.connection import Connection

from openstackoid.client.adapter import mount
from openstackoid.client.choice import FORCE_OPTION, chosen_scope, entry_of, forced
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.in_force import scope_in_force
from openstackoid.client.origins import origins_of
from openstackoid.client.trace import Trace
from openstackoid.redaction import redacted

_OURS = "openstackoid.client."


def install(connection: Connection, trace: Trace | None = None) -> None:
    """Make the connection send the scope that its cloud's configuration chooses, then call the hook that ours stands before.

    With a ``trace``, its requests are followed, with a scope or without.

    Raises :class:`ScopeRefusedError` for everything that goes wrong before the scope is in place: no other error may leave,
    because openstacksdk would pass over it and talk to the cloud without the scope. Errors of the other hook leave as they are.
    """
    try:
        prepare(connection, trace)
        following = _following_hook(connection)
    except ScopeRefusedError:
        raise
    except Exception as error:
        said = redacted(f"{type(error).__name__}: {error}")
        raise ScopeRefusedError(f"the scope cannot be sent, so nothing is: {said}") from error
    if following:
        EntryPoint(name="vendor_hook", value=following, group="vendor_hook").load()(connection)


def prepare(connection: Connection, trace: Trace | None = None) -> None:
    """Mount the scope, where there is one, on the connection's session.

    openstacksdk's caches know nothing of scopes. Answers under a scope are not cached, for their key is the path alone. A kept
    token would hand the next command the identity and the catalog of this scope, so such a scope is refused.
    """
    region = connection.config
    scope = chosen_scope(region.config, entry_of(region), region.name)
    force = forced(region.config)
    if force and scope is None and scope_in_force(region).scope is None:
        raise ScopeRefusedError(f"{FORCE_OPTION} (or scope_force, or force=True) needs a scope, and there is none")
    if scope is not None:
        if scope.issuer("") and not region.skip_auth_cache():
            raise ScopeRefusedError(
                f"{region.name}: a scope of 'identity' or '*' cannot be used while tokens are kept (cache: auth)"
            )
        connection.cache_enabled = False
    if scope is not None or force or trace is not None:
        own = origins_of(connection.session, region.config)
        mount(connection.session.session, scope, own, force=force, trace=trace)


def _following_hook(connection: Connection) -> str | None:
    """Return the hook that openstacksdk would have called without us: the entry's own, else its vendor profile's."""
    entry = entry_of(connection.config)
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
