# SPDX-License-Identifier: Apache-2.0
"""The scope that holds for a cloud: what its user chose, where, and whether it makes sense."""

import json
import os
from collections.abc import Collection, Mapping
from typing import Any

from openstackoid.client.errors import ScopeRefusedError
from openstackoid.scope import Scope, ScopeError, official_service_type, official_service_types, parse

OPTION = "--os-scope"
SCOPE_VARIABLE = "OPENSTACKOID_SCOPE"
CLOUDS_VARIABLE = "OPENSTACKOID_CLOUDS"
NO_SCOPE = "none"
"""The word that switches a default off for one command."""


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


def chosen_scope(config: Mapping[str, Any], entry: Mapping[str, Any], name: str) -> Scope | None:
    """Return the scope for the cloud called ``name``, or None where it has none.

    ``config`` is openstacksdk's finished configuration, ``entry`` the cloud's entry in clouds.yaml as it was read. An option or
    the environment is a :class:`Choice` in ``config``; without the plugin, ``config`` holds what the entry says.

    Raises :class:`ScopeRefusedError`.
    """
    custom = frozenset(official_service_type(known) or known for known in names(config.get("scope_services"), "scope_services"))
    value = config.get("scope")
    if value == LEFT_TO_THE_CLOUD:
        value = entry.get("scope")
    if value is None:
        return None
    choice = value if isinstance(value, Choice) else Choice(_text(value, custom), f"clouds.yaml, scope of {name}")
    clouds = names(os.environ.get(CLOUDS_VARIABLE), CLOUDS_VARIABLE) or names(config.get("scope_clouds"), "scope_clouds")
    return choice.scope(clouds or None, official_service_types() | custom if custom else None)


def names(value: object, where: str) -> list[str]:
    """Return a list of names that is written as a list, or as text with commas."""
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ScopeRefusedError(f"{where}: a list of names is expected, not {value!r}")
    return [name.strip() for name in value if name.strip()]


def _text(value: object, custom: Collection[str]) -> str:
    """Return an entry's scope as the JSON that the scope language reads.

    openstacksdk turns each ``-`` of a key into ``_``; a service that is not known under such a name gets its ``-`` back.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        value = {_hyphens(key, custom): cloud for key, cloud in value.items()}
    return json.dumps(value, default=str)


def _hyphens(key: object, custom: Collection[str]) -> object:
    if not isinstance(key, str) or key in custom or "_" not in key:
        return key
    return key.replace("_", "-")
