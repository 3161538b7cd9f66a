# SPDX-License-Identifier: Apache-2.0
"""The web servers of the APIs: on loopback alone, and below the paths that the cloud's layout gives them."""

import re
from pathlib import Path

import pytest

from openstackoid.lab import ports, uwsgi
from openstackoid.lab.catalog import Addresses
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.configs import Site


def _files(cloud: Cloud) -> dict[str, str]:
    addresses = Addresses(cloud, ports.cloud_ports(8800, 1))
    return uwsgi.files(Site(cloud, addresses, Path("/State"), Path("/venv"), Path("/authority.pem"), {}, 8890, 8891))


def test_prefixes_are_mounted_and_ports_are_not() -> None:
    prefixed = _files(Cloud("A"))["glance/uwsgi.ini"]
    assert "mount = /image=glance.wsgi.api:application\n" in prefixed
    assert "chunked-input-limit" in prefixed
    plain = _files(Cloud("A", "ports"))["glance/uwsgi.ini"]
    assert "module = glance.wsgi.api:application\n" in plain
    assert "mount" not in plain


@pytest.mark.parametrize("cloud", [Cloud("A"), Cloud("A", cinder=True, swift=True)])
def test_every_server_listens_on_loopback(cloud: Cloud) -> None:
    files = _files(cloud)
    # Swift is its own web server.
    assert len(files) == (6 if cloud.cinder else 5)
    for path, content in files.items():
        assert re.search(r"^http-socket = 127\.0\.0\.1:\d+$", content, re.MULTILINE), path


def test_cinder_is_told_its_configuration() -> None:
    assert "pyargv = --config-file /State/conf/cinder/cinder.conf\n" in _files(Cloud("A", cinder=True))["cinder/uwsgi.ini"]
