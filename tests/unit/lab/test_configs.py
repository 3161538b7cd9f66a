# SPDX-License-Identifier: Apache-2.0
"""Configuration files: frontends only, no secret of another cloud, no value that would be read as something else."""

import re
from configparser import RawConfigParser
from pathlib import Path

import pytest

from openstackoid.lab import configs, ports
from openstackoid.lab.catalog import Addresses
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.configs import Site
from openstackoid.lab.secret import ACCOUNTS


def _site(cloud: Cloud, number: int = 1) -> Site:
    return Site(
        cloud=cloud,
        addresses=Addresses(cloud, ports.cloud_ports(8800, number)),
        directory=Path("/state") / cloud.name,
        venv=Path("/venv"),
        secrets={account: f"secret-{cloud.slug}-{account}" for account in ACCOUNTS},
        database_port=8890,
        bus_port=8891,
    )


@pytest.mark.parametrize("cloud", [Cloud("A"), Cloud("B", "ports", cinder=True)])
def test_services_know_each_other_by_frontends_only(cloud: Cloud) -> None:
    site = _site(cloud)
    frontends = {site.addresses.frontend(kind) for kind in ("identity", "image")}
    for path, content in configs.files(site).items():
        if not path.endswith("uwsgi.ini"):
            assert set(re.findall(r"https?://[^\s,]+", content)) <= frontends, path


def test_a_cloud_knows_no_secret_of_another() -> None:
    for content in configs.files(_site(Cloud("A", cinder=True))).values():
        assert "secret-b-" not in content
    passwords = set(re.findall(r"secret-\w+-(\w+)", "".join(configs.files(_site(Cloud("A"))).values())))
    # Accounts of people are in no service's configuration.
    assert passwords == {"glance", "placement", "neutron", "nova", "database", "bus"}


def test_cinder_is_configured_when_switched_on() -> None:
    assert "cinder/cinder.conf" not in configs.files(_site(Cloud("A")))
    assert "cinder/cinder.conf" in configs.files(_site(Cloud("A", cinder=True)))


def test_optional_accounts_are_in_no_configuration_without_their_service() -> None:
    content = "".join(configs.files(_site(Cloud("A"))).values())
    assert "secret-a-cinder" not in content
    assert "secret-a-swift" not in content


def test_nova_compute_has_no_way_into_a_database() -> None:
    content = configs.files(_site(Cloud("A")))["nova/nova-compute.conf"]
    assert "mysql" not in content
    assert "rabbit://" in content


def test_nova_says_who_it_is_and_services_insist_on_it() -> None:
    files = configs.files(_site(Cloud("A")))
    nova = RawConfigParser()
    nova.read_string(files["nova/nova.conf"])
    assert nova["service_user"]["send_service_user_token"] == "true"
    assert nova["service_user"]["username"] == "nova"
    neutron = RawConfigParser()
    neutron.read_string(files["neutron/neutron.conf"])
    assert neutron["keystone_authtoken"]["service_token_roles_required"] == "true"


def test_prefixes_are_mounted_and_ports_are_not() -> None:
    prefixed = configs.files(_site(Cloud("A")))["glance/uwsgi.ini"]
    assert "mount = /image=glance.wsgi.api:application\n" in prefixed
    assert "chunked-input-limit" in prefixed
    plain = configs.files(_site(Cloud("A", "ports")))["glance/uwsgi.ini"]
    assert "module = glance.wsgi.api:application\n" in plain
    assert "mount" not in plain


def test_every_server_listens_on_loopback() -> None:
    for path, content in configs.files(_site(Cloud("A", cinder=True))).items():
        if path.endswith("uwsgi.ini"):
            assert re.search(r"^http-socket = 127\.0\.0\.1:\d+$", content, re.MULTILINE), path


def test_no_value_is_expanded() -> None:
    for content in configs.files(_site(Cloud("A", cinder=True))).values():
        assert "$" not in content
