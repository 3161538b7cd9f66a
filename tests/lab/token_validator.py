# SPDX-License-Identifier: Apache-2.0
"""An account of CloudOne that can validate tokens and nothing else, made as docs/operate/reader-accounts.md says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from examples.session import User

ROLE = "token_validator"
_NAME, _PASSWORD = "validator-of-the-tests", "of-the-validator-of-the-tests"
_PAGE = Path(__file__).parents[2] / "docs/operate/reader-accounts.md"


@contextmanager
def validators_role(lab: Any) -> Iterator[None]:
    """Have CloudOne's Keystone let a role of its own validate tokens."""
    rules = '"identity:validate_token"'
    file = Path(lab["state_dir"], "clouds/CloudOne/conf/keystone/policy.yaml")
    file.write_text(rules + _PAGE.read_text().split(f"```yaml\n{rules}", 1)[1].split("```")[0])
    admin = User("CloudOne-admin")
    admin.openstack("role", "create", ROLE)
    try:
        yield
    finally:
        admin.openstack("role", "delete", ROLE)
        file.unlink()


@contextmanager
def validator_account(lab: Any, folder: Path) -> Iterator[Path]:
    """Make the account, and yield the file for ``gateway.validator``."""
    admin, domain = User("CloudOne-admin"), ("--domain", "default")
    with validators_role(lab):
        made = admin.openstack("user", "create", *domain, "--password", _PASSWORD, _NAME)
        assert made.code == 0, made.stderr
        try:
            given = admin.openstack("role", "add", "--user", _NAME, "--user-domain", "default", "--system", "all", ROLE)
            assert given.code == 0, given.stderr
            auth = {"username": _NAME, "user_domain_id": "default", "password": _PASSWORD, "system_scope": "all"}
            file = folder / "validator.yaml"
            file.touch(0o600)
            file.write_text(yaml.safe_dump({"clouds": {"CloudOne": {"auth": auth}}}))
            yield file
        finally:
            admin.openstack("user", "delete", *domain, _NAME)
