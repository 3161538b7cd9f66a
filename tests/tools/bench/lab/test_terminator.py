# SPDX-License-Identifier: Apache-2.0
"""A plain HAProxy that does nothing but TLS, in front of a real server."""

import os
import ssl
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.haproxy import Wire
from bench.lab.client import Client, expect
from bench.lab.terminator import chain, configuration, terminator
from openstackoid.certs import issue, make_authority
from tools.bench.lab.serving import serving


def test_tls_ends_here_and_the_request_is_unchanged(tmp_path: Path) -> None:
    authority = tmp_path / "authority"
    make_authority(authority)
    certificate = issue(authority, "CloudOne", ["127.0.0.1"])
    context = ssl.create_default_context(cafile=str(authority / "authority.pem"))
    with (
        serving(lambda method, path, headers: (200, path.encode()), closes=True) as served,
        terminator(tmp_path / "haproxy", certificate, {"image": served.url}, frozenset(os.sched_getaffinity(0))) as alone,
    ):
        client = Client(alone.urls["image"], context)
        answers = [expect(client.ask("GET", "/v2/images", {}), 200, "alone") for _ in range(2)]
        assert [answer.content for answer in answers] == [b"/image/v2/images"] * 2
        assert [answer.connect > 0 for answer in answers] == [True, False], "it keeps what the service closes"
        assert client.tls.startswith("TLSv1.")
        assert Path(f"/proc/{alone.pid}").exists()
        client.close()


def test_two_in_a_row_prove_it(tmp_path: Path) -> None:
    authority = tmp_path / "authority"
    make_authority(authority)
    near, far = (issue(authority, cloud, ["127.0.0.1"]) for cloud in ("CloudOne", "CloudTwo"))
    trusted = authority / "authority.pem"
    context = ssl.create_default_context(cafile=str(trusted))
    cores = frozenset(os.sched_getaffinity(0))
    with (
        serving(lambda method, path, headers: (200, path.encode())) as served,
        chain(tmp_path / "two", (near, far), trusted, {"image": served.url}, cores) as (first, last),
    ):
        client, straight = Client(first.urls["image"], context), Client(last.urls["image"], context)
        assert expect(client.ask("GET", "/v2/images", {}), 200, "chain").content == b"/image/v2/images"
        assert client.tls.startswith("TLSv1.")
        client.close()
        with pytest.raises(BenchError):
            straight.ask("GET", "/v2/images", {})
        straight.close()


def test_each_service_has_a_port() -> None:
    backends = {"image": "http://127.0.0.1:1/image", "compute": "http://127.0.0.1:2"}
    text = configuration(Path("/x"), Path("/x/one.pem"), backends, {"image": 3, "compute": 4}, Wire())
    assert "bind 127.0.0.1:3 ssl crt /x/one.pem" in text
    assert "server service 127.0.0.1:2\n" in text
