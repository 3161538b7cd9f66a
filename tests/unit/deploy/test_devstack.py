# SPDX-License-Identifier: Apache-2.0
"""The plugin for Devstack: its description, and its page. `make deploy-test` has shellcheck read it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from documents import read
from openstackoid.cli import main
from openstackoid.mesh import parse_mesh

PLUGIN = Path(__file__).parents[3] / "devstack"
HOST = "http://192.0.2.5"
CATALOG = {
    "identity": f"{HOST}/identity",
    "image": f"{HOST}/image",
    "compute": f"{HOST}/compute/v2.1",
    "network": f"{HOST}:9696/networking",
    "placement": f"{HOST}/placement",
    "block-storage": f"{HOST}/volume/v3",
}
"""As Devstack makes it; Neutron has a port of its own here."""


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    """The description that the plugin writes."""
    rows = [
        {"Service Type": service, "Interface": "public", "URL": url, "Region": "RegionOne"} for service, url in CATALOG.items()
    ]
    (tmp_path / "endpoints.json").write_text(json.dumps(rows))
    words = ["--endpoints", str(tmp_path / "endpoints.json"), "--output", str(tmp_path / "mesh.yaml")]
    assert main(["discover", "--name", "CloudOne", "--region", "RegionOne", *words]) == 0
    subprocess.run([sys.executable, PLUGIN / "behind_apache.py", tmp_path / "mesh.yaml", "8180"], check=True)
    return tmp_path / "mesh.yaml"


def test_the_gateway_takes_the_place_of_apache(mesh: Path) -> None:
    cloud = parse_mesh(mesh.read_text(), str(mesh)).clouds["CloudOne"]
    assert {endpoint.frontend.origin() for endpoint in cloud.endpoints} == {f"{HOST}:80"}
    backends = {endpoint.service: [backend.url() for backend in endpoint.backends] for endpoint in cloud.endpoints}
    paths = {"identity": "identity", "image": "image", "compute": "compute", "placement": "placement", "block-storage": "volume"}
    assert backends == {service: [f"{HOST}:8180/{path}"] for service, path in paths.items()}


def test_the_page_has_each_variable_with_its_default() -> None:
    settings = dict(re.findall(r"^(\w+)=\$\{\1:-(.*)\}$", (PLUGIN / "settings").read_text(), re.MULTILINE))
    rows = re.findall(r"^\| `(OPENSTACKOID_\w+)` \| (?:`(.*?)`)? ?\|", read("operate/devstack.md"), re.MULTILINE)
    assert dict(rows) == settings
    assert len(settings) == 5
