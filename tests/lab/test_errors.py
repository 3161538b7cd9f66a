# SPDX-License-Identifier: Apache-2.0
"""Error messages for users, on real clouds."""

import pytest

from examples.session import User


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
