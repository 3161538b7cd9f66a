# SPDX-License-Identifier: Apache-2.0
"""The description of the cloud that Kolla-Ansible has deployed, completed as the page says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kolla import page
from kolla.cloud import ONE

_OF_CLOUD = {"gateway", "policy"}
MESH = Path("/etc/openstackoid/mesh.yaml")


def complete(heading: str) -> None:
    """Add what the page adds below a heading: keys of the cloud, then of its services."""
    description: dict[str, Any] = yaml.safe_load(MESH.read_text(encoding="utf-8"))
    cloud = description["clouds"][ONE]
    for added in page.additions(heading):
        _merge(cloud if added.keys() <= _OF_CLOUD else cloud["services"], added)
    MESH.write_text(yaml.safe_dump(description, sort_keys=False), encoding="utf-8")


def _merge(into: dict[str, Any], added: Mapping[str, Any]) -> None:
    for key, value in added.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
