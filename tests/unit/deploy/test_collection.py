# SPDX-License-Identifier: Apache-2.0
"""The Ansible collection: each role's arguments are described as they are, and its names are those of the pages."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from documents import read

COLLECTION = Path(__file__).parents[3] / "deploy/collection"
ROLES = sorted(path for path in (COLLECTION / "roles").iterdir())
PLAYBOOKS = sorted((COLLECTION / "playbooks").glob("*.yml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def options(role: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = load(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return found


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_described_defaults_are_the_roles_own(role: Path) -> None:
    described = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert described == load(role / "defaults/main.yml")


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_variable_of_a_role_is_described_and_has_its_name(role: Path) -> None:
    files = [path for folder in ("tasks", "templates", "handlers", "vars") for path in role.glob(f"{folder}/*")]
    own = {"openstackoid_pair_sysctl", "openstackoid_pair_right"}.union(*map(load, role.glob("vars/main.yml")))
    used = set(re.findall(r"openstackoid_\w+", "\n".join(path.read_text(encoding="utf-8") for path in files)))
    assert used - own == options(role).keys()
    assert all(name.startswith(f"openstackoid_{role.name}_") for name in used)


def test_the_pages_name_each_playbook_and_the_readme_each_role() -> None:
    pages, readme = read("operate/kolla.md"), (COLLECTION / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in PLAYBOOKS if f"openstackoid.gateway.{path.stem}" not in pages] == []
    assert [role.name for role in ROLES if f"`openstackoid.gateway.{role.name}`" not in readme] == []


def test_the_page_has_the_port_of_the_check_and_the_services_of_the_role() -> None:
    page, defaults = read("operate/kolla.md"), load(COLLECTION / "roles/kolla/defaults/main.yml")
    assert f"http://127.0.0.1:{defaults['openstackoid_kolla_health_port']}" in page
    assert [name for name in defaults["openstackoid_kolla_services"] if f"`{name}.cfg`" not in page] == []
