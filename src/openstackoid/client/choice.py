# SPDX-License-Identifier: Apache-2.0
"""The scope that holds for a cloud: what its user chose, where, and whether it makes sense."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from openstack.config.cloud_region import CloudRegion

from openstackoid.client.errors import ScopeRefusedError
from openstackoid.redaction import redacted
from openstackoid.scope import Scope, ScopeError, official_service_type, official_service_types, parse

OPTION = "--os-scope"
FORCE_OPTION = "--os-scope-force"
SCOPE_VARIABLE = "OPENSTACKOID_SCOPE"
CLOUDS_VARIABLE = "OPENSTACKOID_CLOUDS"
NO_SCOPE = "none"
"""The word that switches a default off for one command."""
SDK_VARIABLE = "OS_SCOPE"
"""Means the same. openstacksdk must not see it: it would take it for a cloud of its own, and die of JSON's braces."""


class Choice(str):
    """A scope as its user wrote it, and in ``source`` where.

    openstacksdk runs ``str.format`` over the strings of its configuration, which dies of JSON's braces: a choice formats to
    itself. Being a string it is copied, pickled and shown (``openstack configuration show``) like every other setting.
    """

    source: str

    def __new__(cls, text: str, source: str = OPTION) -> "Choice":
        """Keep ``text``, which is not looked at before :meth:`scope`."""
        choice = super().__new__(cls, text)
        choice.source = source
        return choice

    def format(self, *_args: object, **_kwargs: object) -> "Choice":
        """Return the choice as it is."""
        return self

    def to_dict(self) -> str:
        """Return a plain string: cliff asks for it before it writes YAML, which knows no subclasses."""
        return str(self)

    def scope(self, clouds: Collection[str] | None = None, services: Collection[str] | None = None) -> Scope | None:
        """Return the scope, or None for ``none``.

        Raises :class:`ScopeRefusedError`: a line that names the source and the fault, then the scope and carets under the spot.
        """
        if self.strip() == NO_SCOPE:
            return None
        try:
            return parse(str(self), clouds=clouds, services=services)
        except ScopeError as error:
            raise ScopeRefusedError(f"{self.source}, column {error.start + 1}: {error.reason}\n{error.pointer()}") from error


LEFT_TO_THE_CLOUD = Choice("as clouds.yaml says")
"""Neither option nor environment says anything. It takes the place of the entry's own scope, which openstacksdk would format."""


def choice_of(config: Mapping[str, Any], entry: Mapping[str, Any], name: str) -> Choice | None:
    """Return what was chosen for the cloud called ``name`` and where, or None where nobody chose anything.

    ``config`` is openstacksdk's finished configuration, ``entry`` the cloud's entry in clouds.yaml as it was read. An option or
    the environment is a :class:`Choice` in ``config``; without the plugin, ``config`` holds what the entry says.

    Raises :class:`ScopeRefusedError`.
    """
    value = config.get("scope")
    if value == LEFT_TO_THE_CLOUD:
        value = entry.get("scope")
    if value is None or isinstance(value, Choice):
        return value
    return Choice(_entrys_text(value, _custom_services(config)), f"clouds.yaml, scope of {name}")


def chosen_scope(config: Mapping[str, Any], entry: Mapping[str, Any], name: str) -> Scope | None:
    """Return the scope for the cloud called ``name``, or None where it has none; the arguments are those of :func:`choice_of`.

    Raises :class:`ScopeRefusedError`.
    """
    choice = choice_of(config, entry, name)
    if choice is None:
        return None
    return choice.scope(*known_names(config))


def known_names(config: Mapping[str, Any]) -> tuple[Collection[str] | None, Collection[str] | None]:
    """Return the clouds and the service types that a scope may name; None where nothing more is known than what is official.

    Raises :class:`ScopeRefusedError` for what is no list of names.
    """
    custom = _custom_services(config)
    clouds = names(os.environ.get(CLOUDS_VARIABLE), CLOUDS_VARIABLE) or names(config.get("scope_clouds"), "scope_clouds")
    return clouds or None, official_service_types() | custom if custom else None


def forced(config: Mapping[str, Any]) -> bool:
    """Return whether the user asks for what a gateway would refuse. Raises :class:`ScopeRefusedError`."""
    value = config.get("scope_force")
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ScopeRefusedError(f"scope_force: true or false is expected, not {redacted(repr(value))}")


def choice_in(variable: str) -> Choice | None:
    """Return the scope that an environment variable holds, or None where it is not set, or empty."""
    text = os.environ.get(variable)
    return Choice(text, variable) if text else None


@contextmanager
def without_sdk_variable() -> Iterator[None]:
    """Hide the variable that openstacksdk would take for a setting, while the block runs."""
    hidden = os.environ.pop(SDK_VARIABLE, None)
    try:
        yield
    finally:
        if hidden is not None:
            os.environ[SDK_VARIABLE] = hidden


def entry_of(region: CloudRegion) -> Mapping[str, Any]:
    """Return the cloud's entry in clouds.yaml as it was read, or nothing for a configuration that was made without one."""
    source = getattr(region, "_openstack_config", None)
    entry = source.cloud_config["clouds"].get(region.name) if source is not None else None
    return entry if isinstance(entry, Mapping) else {}


def _custom_services(config: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(official_service_type(known) or known for known in names(config.get("scope_services"), "scope_services"))


def names(value: object, where: str) -> list[str]:
    """Return a list of names that is written as a list, or as text with commas."""
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ScopeRefusedError(f"{where}: a list of names is expected, not {redacted(repr(value))}")
    return [name.strip() for name in value if name.strip()]


def text_of(value: object) -> str:
    """Return a scope that is a mapping, or text already, as text that the scope language reads."""
    if isinstance(value, str):
        return value
    return json.dumps(dict(value) if isinstance(value, Mapping) else value, default=str)


def _entrys_text(value: object, custom: Collection[str]) -> str:
    """Return an entry's scope as text.

    openstacksdk turns each ``-`` of a key into ``_``; a service that is not known under such a name gets its ``-`` back.
    """
    return text_of({_hyphens(key, custom): cloud for key, cloud in value.items()} if isinstance(value, Mapping) else value)


def _hyphens(key: object, custom: Collection[str]) -> object:
    if not isinstance(key, str) or key in custom or "_" not in key:
        return key
    return key.replace("_", "-")
