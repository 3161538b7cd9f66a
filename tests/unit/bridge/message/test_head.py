# SPDX-License-Identifier: Apache-2.0
"""HAProxy's own headers are read, and not passed on."""

from types import SimpleNamespace
from typing import Any

from openstackoid.bridge.message.head import read_head
from openstackoid.mesh import Listener


def request(*headers: tuple[str, str]) -> Any:
    raw = tuple((name.encode(), value.encode()) for name, value in (("X-Openstackoid-Listener", "gw.one:443"), *headers))
    return SimpleNamespace(method="GET", raw_path="/image/v2?a=b", raw_headers=raw)


def test_the_sender_is_the_cloud_that_haproxy_names() -> None:
    head = read_head(request(("X-Openstackoid-From", "CloudTwo"), ("X-Auth-Token", "t")), "CloudOne")
    assert (head.listener, head.sender) == (Listener("gw.one", 443), "CloudTwo")
    assert head.headers == (("X-Auth-Token", "t"),)


def test_a_user_has_no_sender() -> None:
    assert read_head(request(), "CloudOne").sender is None


def test_internal_headers_are_not_sent_on() -> None:
    assert read_head(request(("x-openstackoid-anything", "x")), "CloudOne").headers == ()
