# SPDX-License-Identifier: Apache-2.0
"""A gateway that runs for months warns of certificates and lists that end meanwhile."""

import logging
import time
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.gateway import warnings
from openstackoid.gateway.configuration import Configuration
from openstackoid.gateway.warnings import Warnings
from openstackoid.mesh import parse_mesh

MESH = """
mesh: 1
clouds:
  CloudOne:
    gateway: {{tls: {{certificate: {folder}/CloudOne.pem, authority: {folder}/authority.pem}}}}
    services: {{image: {{frontend: "https://gw.one/image", backend: "http://127.0.0.1:9"}}}}
"""


def test_what_ends_soon_is_said_again_each_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_authority(tmp_path)
    issue(tmp_path, "CloudOne", ["gw.one"], 9)
    mesh = parse_mesh(MESH.format(folder=tmp_path))
    running = Configuration(mesh, mesh.clouds["CloudOne"], {})
    caplog.set_level(logging.WARNING)
    ours, now = Warnings("of HAProxy"), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    ours.say(running)
    ours.remind(running)
    assert caplog.text.count("the certificate of CloudOne ends in 8 days") == 1
    assert caplog.text.count("of HAProxy") == 1
    now[0] += warnings.DAY
    ours.remind(running)
    ours.remind(running)
    assert caplog.text.count("the certificate of CloudOne ends in 8 days") == 2
