# SPDX-License-Identifier: Apache-2.0
"""The scope for a cloud: the user's choice, its source, and its validity."""

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
STRICT_OPTION = "--os-scope-strict"
SCOPE_VARIABLE = "OPENSTACKOID_SCOPE"
CLOUDS_VARIABLE = "OPENSTACKOID_CLOUDS"
NO_SCOPE = "none"
"""The word that switches a default off for one command."""
SDK_VARIABLE = "OS_SCOPE"
"""An alias that openstacksdk must not see: it would read a cloud setting in it, and fail on JSON's braces."""
STRICT_VARIABLE = "OS_SCOPE_STRICT"
"""Openstacksdk must not see it either: it would read a cloud of its own in it."""
_WORDS = {"true": True, "false": False}


class Choice(str):
    """A scope as its user wrote it, with its ``source``.

    openstacksdk runs ``str.format`` over its settings, which fails on JSON's braces: a choice formats to itself. As a string it
    is copied, pickled and shown (``openstack configuration show``) like every setting.
    """

    source: str

    def __new__(cls, text: str, source: str = OPTION) -> "Choice":
        """Keep ``text``; :meth:`scope` checks it."""
        choice = super().__new__(cls, text)
        choice.source = source
        return choice

    def format(self, *_args: object, **_kwargs: object) -> "Choice":
        """Return the choice unchanged."""
        return self

    def to_dict(self) -> str:
        """Return a plain string for cliff, whose YAML knows no subclasses."""
        return str(self)

    def scope(self, clouds: Collection[str] | None = None, services: Collection[str] | None = None) -> Scope | None:
        """Return the scope, or None for ``none``.

        Raises :class:`ScopeRefusedError`: a line with the source and the fault, then the scope and carets.
        """
        if self.strip() == NO_SCOPE:
            return None
        try:
            return parse(str(self), clouds=clouds, services=services)
        except ScopeError as error:
            raise ScopeRefusedError(f"{self.source}, column {error.start + 1}: {error.reason}\n{error.pointer()}") from error


LEFT_TO_THE_CLOUD = Choice("as clouds.yaml says")
"""Neither option nor environment has a scope. It hides the entry's own scope, which openstacksdk would format."""


def choice_of(config: Mapping[str, Any], entry: Mapping[str, Any], name: str) -> Choice | None:
    """Return the choice for the cloud ``name`` with its source, or None.

    ``config``: openstacksdk's finished configuration; ``entry``: the cloud's entry in clouds.yaml. An option or the environment
    is a :class:`Choice` in ``config``; without the plugin, ``config`` has the entry's. Raises :class:`ScopeRefusedError`.
    """
    value = config.get("scope")
    if value == LEFT_TO_THE_CLOUD:
        value = entry.get("scope")
    if value is None or isinstance(value, Choice):
        return value
    return Choice(_entrys_text(value, _custom_services(config)), f"clouds.yaml, scope of {name}")


def chosen_scope(config: Mapping[str, Any], entry: Mapping[str, Any], name: str) -> Scope | None:
    """Return the scope for the cloud ``name``, or None; arguments as for :func:`choice_of`.

    Raises :class:`ScopeRefusedError`.
    """
    choice = choice_of(config, entry, name)
    if choice is None:
        return None
    return choice.scope(*known_names(config))


def known_names(config: Mapping[str, Any]) -> tuple[Collection[str] | None, Collection[str] | None]:
    """Return the clouds and service types that a scope may name; None if only official types are known.

    Raises :class:`ScopeRefusedError` for an invalid list.
    """
    custom = _custom_services(config)
    clouds = names(os.environ.get(CLOUDS_VARIABLE), CLOUDS_VARIABLE) or names(config.get("scope_clouds"), "scope_clouds")
    return clouds or None, official_service_types() | custom if custom else None


def forced(config: Mapping[str, Any]) -> bool:
    """Return whether the user overrides a refused collaboration. Raises :class:`ScopeRefusedError`."""
    value = config.get("scope_force")
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ScopeRefusedError(f"scope_force: true or false is expected, not {redacted(repr(value))}")


def is_strict(config: Mapping[str, Any]) -> bool:
    """Return whether the user refuses answers that lack a cloud. Raises :class:`ScopeRefusedError`."""
    value = config.get("scope_strict")
    # Of the environment, it is a text.
    value = _WORDS.get(value.strip().lower(), value) if isinstance(value, str) else value
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ScopeRefusedError(f"scope_strict (or {STRICT_VARIABLE}): true or false is expected, not {redacted(repr(value))}")


def choice_in(variable: str) -> Choice | None:
    """Return the scope in an environment variable, or None if it is unset or empty."""
    text = os.environ.get(variable)
    return Choice(text, variable) if text else None


@contextmanager
def without_sdk_variables() -> Iterator[None]:
    """Hide the variables that openstacksdk would read as settings, for the block."""
    hidden = {name: os.environ.pop(name) for name in (SDK_VARIABLE, STRICT_VARIABLE) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def entry_of(region: CloudRegion) -> Mapping[str, Any]:
    """Return the cloud's entry in clouds.yaml, or nothing for a configuration without one."""
    source = getattr(region, "_openstack_config", None)
    entry = source.cloud_config["clouds"].get(region.name) if source is not None else None
    return entry if isinstance(entry, Mapping) else {}


def _custom_services(config: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(official_service_type(known) or known for known in names(config.get("scope_services"), "scope_services"))


def names(value: object, where: str) -> list[str]:
    """Return a list of names from a list, or from text with commas."""
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ScopeRefusedError(f"{where}: a list of names is expected, not {redacted(repr(value))}")
    return [name.strip() for name in value if name.strip()]


def text_of(value: object) -> str:
    """Return a scope, a mapping or text, as text for the parser."""
    if isinstance(value, str):
        return value
    return json.dumps(dict(value) if isinstance(value, Mapping) else value, default=str)


def _entrys_text(value: object, custom: Collection[str]) -> str:
    """Return an entry's scope as text.

    openstacksdk turns each ``-`` of a key into ``_``; an unknown service gets its ``-`` back.
    """
    return text_of({_hyphens(key, custom): cloud for key, cloud in value.items()} if isinstance(value, Mapping) else value)


def _hyphens(key: object, custom: Collection[str]) -> object:
    if not isinstance(key, str) or key in custom or "_" not in key:
        return key
    return key.replace("_", "-")
