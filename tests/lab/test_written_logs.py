# SPDX-License-Identifier: Apache-2.0
"""The logs of all processes of the lab after the other tests."""

import json
from pathlib import Path
from typing import Any

from examples.session import User, lab_status
from lab.plain_http import ask, frontend


def test_no_token_and_no_password_is_in_a_log(lab: Any, one: User) -> None:
    """After all that the other tests have done, and one more workflow with a token that is known here."""
    token = one.openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip()
    status, _ = ask(f"{frontend(lab, 'CloudOne')}/image/v2/images", X_Auth_Token=token, X_Scope='{"image":"CloudTwo"}')
    assert status == 200
    folder = Path(lab_status()["state_dir"])
    passwords = {
        secret
        for file in folder.glob("clouds/*/passwords.json")
        for secret in json.loads(file.read_text()).values()
        if isinstance(secret, str)
    }
    assert len(passwords) > 10
    logs = [path for path in (folder / "logs").rglob("*") if path.is_file()]
    assert len(logs) > 10
    for path in logs:
        content = path.read_text(errors="replace")
        assert token not in content, path
        assert not [secret for secret in passwords if secret in content], path
