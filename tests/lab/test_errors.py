# SPDX-License-Identifier: Apache-2.0
"""What a user reads when something is wrong, on real clouds."""

import json
from pathlib import Path
from typing import Any

import pytest

from examples.session import User, lab_status, openstackoid
from lab.plain_http import ask, frontend


@pytest.mark.parametrize(
    ("scope", "line", "carets"),
    [
        ('{"image" "CloudTwo"}', "':' is expected", "^"),
        ('{"image": "CloudTen"}', "unknown cloud 'CloudTen'; known: CloudOne, CloudTwo", "^^^^^^^^^^"),
        ('{"imagee": "CloudTwo"}', "unknown service 'imagee'", "^^^^^^^^"),
        ('{"image": "CloudOne", "glance": "CloudTwo"}', "named twice", "^^^^^^^^"),
        ('{"image": ""}', "a cloud without a name", "^^"),
        ("{}", "the scope is empty", "^"),
    ],
)
def test_the_client_points_at_the_spot_before_any_request(one: User, scope: str, line: str, carets: str) -> None:
    done = one.openstack("server", "list", scope=scope)
    assert done.code == 2
    assert done.stdout == ""
    first, text, pointer = done.stderr.splitlines()
    assert line in first
    assert text == scope
    assert pointer.strip() == carets


def test_a_scope_that_only_the_gateway_can_judge(one: User) -> None:
    done = one.openstack("image", "list", scope='{"dns": "CloudTwo"}')
    assert done.code == 1
    assert "gateway of CloudOne" in done.stderr
    assert "unknown service 'dns'" in done.stderr


def test_a_cloud_that_is_down_is_named_and_the_rest_goes_on(one: User) -> None:
    assert openstackoid("lab", "down", "CloudTwo").code == 0
    try:
        done = one.openstack("image", "list", scope='{"image": "CloudTwo"}')
        assert done.code == 1
        assert "503" in done.stderr
        assert "image of CloudTwo" in done.stderr
        assert "cannot be reached" in done.stderr
        assert one.openstack("image", "list").code == 0
    finally:
        assert openstackoid("lab", "up", "CloudTwo").code == 0
    assert one.openstack("image", "list", scope='{"image": "CloudTwo"}').code == 0


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
