# SPDX-License-Identifier: Apache-2.0
"""The vendor hook, openstacksdk's own way to prepare a connection.

With ``vendor_hook: module:function`` in a cloud's configuration, ``openstack.connection.Connection`` calls the function with
itself before any request. The plugin sets the key for ``openstack``; a program sets it in clouds.yaml: ``vendor_hook:
openstackoid.client.hook:install``.
"""

from contextlib import suppress
from importlib.metadata import EntryPoint

from openstack.config.cloud_region import CloudRegion
from openstack.connection import Connection

from openstackoid.client.adapter import mount
from openstackoid.client.choice import FORCE_OPTION, chosen_scope, entry_of, forced, is_strict
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.in_force import scope_in_force
from openstackoid.client.origins import origins_of
from openstackoid.client.trace import Trace
from openstackoid.redaction import redacted

_OURS = "openstackoid.client."


def install(connection: Connection, trace: Trace | None = None) -> None:
    """Mount the scope of the cloud's configuration on the connection, then call the hook that ours replaces.

    With ``trace``, its requests are followed, also without a scope. Raises :class:`ScopeRefusedError` for every error until the
    scope is in place: openstacksdk would ignore others and send requests without the scope. Errors of the other hook are
    unchanged.
    """
    try:
        prepare(connection, trace)
        following = _following_hook(connection)
    except ScopeRefusedError:
        raise
    except Exception as error:
        said = redacted(f"{type(error).__name__}: {error}")
        raise ScopeRefusedError(f"the scope cannot be sent, so no request is: {said}") from error
    if following:
        EntryPoint(name="vendor_hook", value=following, group="vendor_hook").load()(connection)


def prepare(connection: Connection, trace: Trace | None = None) -> None:
    """Mount the scope, if any, on the connection's session.

    openstacksdk's caches ignore scopes. Answers under a scope are not cached, as their key is the path alone. A scope that moves
    ``identity`` is refused if tokens are kept: the next command would get this scope's identity and catalog.
    """
    region = connection.config
    scope = chosen_scope(region.config, entry_of(region), region.name)
    force, strict = forced(region.config), is_strict(region.config)
    if force and scope is None and scope_in_force(region).scope is None:
        raise ScopeRefusedError(f"{FORCE_OPTION} (or scope_force, or force=True) needs a scope, and there is none")
    if scope is not None:
        if scope.issuer("") and not region.skip_auth_cache():
            raise ScopeRefusedError(
                f"{region.name}: a scope of 'identity' or '*' cannot be used while tokens are kept (cache: auth)"
            )
        connection.cache_enabled = False
    merges = _merges_lists(region)
    if scope is not None or force or trace is not None or merges:
        own = origins_of(connection.session, region.config)
        strict = strict and (scope is not None or merges)
        mount(connection.session.session, scope, own, force=force, strict=strict, trace=trace)


def _merges_lists(region: CloudRegion) -> bool:
    """Return whether a scope in the URL or the token has several clouds at once, whose answers are to be read."""
    with suppress(ScopeRefusedError):  # the gateway says so
        scope = scope_in_force(region).scope
        return scope is not None and scope.has_all
    return False


def _following_hook(connection: Connection) -> str | None:
    """Return the hook that ours replaces: the entry's own, else its vendor profile's."""
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
