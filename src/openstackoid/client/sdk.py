# SPDX-License-Identifier: Apache-2.0
"""``connect``: openstacksdk's connection, with a scope on its requests."""

import os
from collections.abc import Mapping
from typing import Any

import openstack
from openstack.connection import Connection

from openstackoid.client import hook
from openstackoid.client.choice import (
    LEFT_TO_THE_CLOUD,
    SDK_VARIABLE,
    STRICT_VARIABLE,
    Choice,
    choice_in,
    text_of,
    without_sdk_variables,
)

_SOURCE = "connect(scope=...)"
_HOOK = f"{hook.__name__}:{hook.install.__name__}"


def connect(
    cloud: str | None = None,
    *,
    scope: str | Mapping[str, str] | None = None,
    force: bool = False,
    strict: bool | None = None,
    **kwargs: Any,
) -> Connection:
    """Return ``openstack.connect(cloud, **kwargs)`` with a scope on every request to the cloud's own endpoints.

    ``scope``: the short form, JSON or a mapping of services to clouds; it replaces that of clouds.yaml. None uses the
    environment variable OS_SCOPE, or clouds.yaml; ``"none"`` means no scope. ``force`` asks the gateway to allow refused
    collaborations. ``strict`` asks it to refuse an answer of several clouds that lacks one; None uses OS_SCOPE_STRICT, or
    clouds.yaml. Raises :class:`~openstackoid.client.errors.ScopeRefusedError` for an invalid scope, and the errors of
    ``openstack.connect``.
    """
    if "vendor_hook" in kwargs:
        raise TypeError("connect() sets vendor_hook itself; a hook of your own has its place in the cloud's entry of clouds.yaml")
    reads = kwargs.get("load_envvars", True)
    said = choice_in(SDK_VARIABLE) if reads else None
    choice = (said or LEFT_TO_THE_CLOUD) if scope is None else Choice(text_of(scope), _SOURCE)
    if force:
        kwargs["scope_force"] = True
    strict_or_text = (os.environ.get(STRICT_VARIABLE) or None) if strict is None and reads else strict
    if strict_or_text is not None:
        kwargs["scope_strict"] = strict_or_text
    with without_sdk_variables():
        return openstack.connect(cloud, scope=choice, vendor_hook=_HOOK, **kwargs)
