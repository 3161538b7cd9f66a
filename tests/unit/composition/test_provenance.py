# SPDX-License-Identifier: Apache-2.0
"""The cloud of an item does not come back in a write."""

import json

import pytest

from openstackoid.composition import without_cloud


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"server": {"name": "a", "os_scope_cloud": "One"}}, {"server": {"name": "a"}}),
        ({"name": "a", "os_scope_cloud": "One"}, {"name": "a"}),
        ({"networks": [{"name": "a", "os_scope_cloud": "One"}, {"name": "b"}]}, {"networks": [{"name": "a"}, {"name": "b"}]}),
        ({"quota_set": {"cores": 1, "os_scope_clouds": ["One"]}}, {"quota_set": {"cores": 1}}),
        (
            [
                {"op": "add", "path": "/os_scope_cloud", "value": "One"},
                {"op": "replace", "path": "/name", "value": "os_scope_cloud"},
            ],
            [{"op": "replace", "path": "/name", "value": "os_scope_cloud"}],
        ),
    ],
)
def test_our_attributes_are_stripped(body: object, expected: object) -> None:
    assert json.loads(without_cloud(json.dumps(body).encode())) == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"server" :  {"name": "a"}}',
        b'{"server": {"metadata":  {"os_scope_cloud": "mine"}}}',
        b'{"metadata":  {"os_scope_cloud": "mine"}}',
        b'{"server": {"name":  "os_scope_cloud"}}',
        b"os_scope_cloud",
        b'\xff"os_scope_cloud"',
        b'{"os_scope_cloud": ' + b"[" * 100_000,
    ],
)
def test_a_body_without_them_stays_byte_by_byte(body: bytes) -> None:
    assert without_cloud(body) == body
