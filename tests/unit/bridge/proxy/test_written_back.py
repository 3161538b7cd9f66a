# SPDX-License-Identifier: Apache-2.0
"""The attributes that name a resource's cloud are not written back, but the users' own bytes stay."""

import json

import pytest

from unit.bridge.stage import Visit, played, staged

JSON = "application/json"
PATCH = "application/openstack-images-v2.1-json-patch"
EITHER = '{"image":"CloudOne | CloudTwo"}'
OURS = {"name": "y", "os_scope_cloud": "CloudTwo", "os_scope_clouds": ["CloudOne"]}
OPERATIONS = [{"op": "replace", "path": "/name", "value": "y"}, {"op": "remove", "path": "/os_scope_cloud"}]
SERVER = {"networks": "none", "flavorRef": "1"}


async def sent(method: str, path: str, scope: str, media_type: str, document: object) -> tuple[Visit, bytes]:
    """Return a request as CloudOne's service gets it, and the body that was sent."""

    async def takes(visit: Visit) -> None:
        await visit.read_body()
        visit.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")

    body = json.dumps(document, indent=1).encode()
    async with staged(here=takes) as stage:
        headers = ("X-Auth-Token: tok", f"X-Scope: {scope}", f"Content-Type: {media_type}")
        answer = await stage.ask(method, path, *headers, body=body)
        assert answer.status == 200
        (came,) = (visit for visit in stage.here.visits if "/keystone" not in visit.line)
    return came, body


@pytest.mark.parametrize(
    ("method", "path", "scope", "media_type", "document", "expected"),
    [
        ("PUT", "/image/v2/metadefs/namespaces/x", EITHER, JSON, OURS, {"name": "y"}),
        ("PATCH", "/image/v2/images/x", EITHER, PATCH, OPERATIONS, OPERATIONS[:1]),
        # A rule about networks asks for this body.
        (
            "POST",
            "/compute/servers",
            '{"network":"CloudTwo"}',
            JSON,
            {"server": SERVER | OURS},
            {"server": SERVER | {"name": "y"}},
        ),
    ],
    ids=["in turn", "a patch in turn", "of one cloud"],
)
@played
async def test_a_body_that_is_read_loses_them(
    method: str, path: str, scope: str, media_type: str, document: object, expected: object
) -> None:
    came, _ = await sent(method, path, scope, media_type, document)
    assert json.loads(came.body) == expected
    assert came.values("content-length") == [str(len(came.body))]


@pytest.mark.parametrize(
    ("path", "scope", "media_type"),
    [
        ("/image/v2/images/x/file", EITHER, "application/octet-stream"),
        ("/image/v2/metadefs/namespaces/x", '{"image":"CloudOne"}', JSON),
    ],
    ids=["the bytes of an image", "of one cloud, unread"],
)
@played
async def test_other_bodies_stay(path: str, scope: str, media_type: str) -> None:
    came, body = await sent("PUT", path, scope, media_type, OURS)
    assert came.body == body
