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
        authority=Path("/lab/authority.pem"),
        secrets={account: f"secret-{cloud.slug}-{account}" for account in ACCOUNTS},
        database_port=8890,
        bus_port=8891,
    )


@pytest.mark.parametrize("cloud", [Cloud("A"), Cloud("B", "ports", cinder=True)])
def test_services_know_each_other_by_frontends_only(cloud: Cloud) -> None:
    site = _site(cloud)
    frontends = {site.addresses.frontend(kind) for kind in ("identity", "image")}
    for path, content in configs.files(site).items():
        assert set(re.findall(r"https?://[^\s,]+", content)) <= frontends, path


def _options(path: str, cloud: Cloud) -> RawConfigParser:
    parser = RawConfigParser()
    parser.read_string(configs.files(_site(cloud))[path])
    return parser


@pytest.mark.parametrize(
    ("path", "sections"),
    [
        ("glance/glance-api.conf", {"keystone_authtoken"}),
        ("placement/placement.conf", {"keystone_authtoken"}),
        ("neutron/neutron.conf", {"keystone_authtoken", "nova", "placement"}),
        (
            "nova/nova.conf",
            {"keystone_authtoken", "service_user", "keystone", "placement", "neutron", "glance", "cinder"},
        ),
        ("nova/nova-compute.conf", {"service_user", "keystone", "placement", "neutron", "glance", "cinder"}),
        ("cinder/cinder.conf", {"keystone_authtoken", "service_user", "nova"}),
    ],
)
def test_each_client_in_a_service_knows_the_gateway_by_the_authority(path: str, sections: set[str]) -> None:
    parser = _options(path, Cloud("A", cinder=True))
    assert {name for name in sections if parser[name]["cafile"] == "/lab/authority.pem"} == sections
    assert not [name for name in parser.sections() if "insecure" in parser[name]]


def test_cinder_knows_glances_gateway_by_the_authority() -> None:
    assert (
        _options("cinder/cinder.conf", Cloud("A", cinder=True))["DEFAULT"]["glance_ca_certificates_file"] == "/lab/authority.pem"
    )


def test_services_hear_from_the_gateway_that_their_links_are_https() -> None:
    for path in configs.files(_site(Cloud("A", cinder=True))):
        if path != "neutron/ml2.ini":
            assert _options(path, Cloud("A", cinder=True))["oslo_middleware"]["enable_proxy_headers_parsing"] == "true", path


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


def test_nova_sends_a_service_token_and_services_require_it() -> None:
    files = configs.files(_site(Cloud("A")))
    nova = RawConfigParser()
    nova.read_string(files["nova/nova.conf"])
    assert nova["service_user"]["send_service_user_token"] == "true"
    assert nova["service_user"]["username"] == "nova"
    neutron = RawConfigParser()
    neutron.read_string(files["neutron/neutron.conf"])
    assert neutron["keystone_authtoken"]["service_token_roles_required"] == "true"


def test_no_value_is_expanded() -> None:
    for content in configs.files(_site(Cloud("A", cinder=True))).values():
        assert "$" not in content


def test_further_options_go_to_all_services_before_their_own() -> None:
    more = "[placement]\nconnect_retries = 5\n[glance]\nregion_name = Other\n"
    plain, files = configs.files(_site(Cloud("A"))), configs.files(_site(Cloud("A")), more)
    assert set(files) == set(plain)
    for path, content in files.items():
        found = RawConfigParser()
        found.read_string(content)
        assert found["placement"]["connect_retries"] == "5", path
        assert found["glance"]["region_name"] == "Other", path
    assert "auth_url" in files["nova/nova.conf"]
