# SPDX-License-Identifier: Apache-2.0
"""``connect``: openstacksdk's own connection, whose requests carry a scope."""

from collections.abc import Mapping
from typing import Any

import openstack
from openstack.connection import Connection

from openstackoid.client import hook
from openstackoid.client.choice import LEFT_TO_THE_CLOUD, SDK_VARIABLE, Choice, choice_in, text_of, without_sdk_variable

_SOURCE = "connect(scope=...)"
_HOOK = f"{hook.__name__}:{hook.install.__name__}"


def connect(
    cloud: str | None = None, *, scope: str | Mapping[str, str] | None = None, force: bool = False, **kwargs: Any
) -> Connection:
    """Return ``openstack.connect(cloud, **kwargs)`` with a scope on every request to the cloud's own endpoints.

    ``scope`` is the short form, JSON or a mapping of services to clouds, and the whole scope: what clouds.yaml says does not
    count then. None leaves it to the environment variable OS_SCOPE, or to clouds.yaml; ``"none"`` means no scope. ``force`` asks
    the gateway for what it would refuse as a collaboration that does not work.

    Raises :class:`~openstackoid.client.errors.ScopeRefusedError` where the scope makes no sense, and what ``openstack.connect``
    raises.
    """
    if "vendor_hook" in kwargs:
        raise TypeError("connect() sets vendor_hook itself; a hook of your own has its place in the cloud's entry of clouds.yaml")
    said = choice_in(SDK_VARIABLE) if kwargs.get("load_envvars", True) else None
    choice = (said or LEFT_TO_THE_CLOUD) if scope is None else Choice(text_of(scope), _SOURCE)
    if force:
        kwargs["scope_force"] = True
    with without_sdk_variable():
        return openstack.connect(cloud, scope=choice, vendor_hook=_HOOK, **kwargs)
