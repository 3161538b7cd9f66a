# SPDX-License-Identifier: Apache-2.0
"""The configuration files of one cloud's services, as an operator would write them.

Every address of a service in them is a frontend's: services reach each other, and Keystone, through their cloud's gateway.
Choices for a small machine are marked "lab:".
"""

import io
from collections.abc import Mapping
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from openstackoid.lab import bus, databases
from openstackoid.lab.catalog import APIS, HOST, Addresses
from openstackoid.lab.clouds import Cloud

AUTH_METHODS = ("external", "password", "token", "oauth1", "mapped", "application_credential", "ec2credential")
"""Keystone's own default."""

Options = dict[str, dict[str, object]]


@dataclass(frozen=True)
class Site:
    """All input of the configuration of one cloud.

    ``authority``: the file with the gateway's authority; ``secrets``: the password of each account.
    """

    cloud: Cloud
    addresses: Addresses
    directory: Path
    venv: Path
    authority: Path
    secrets: Mapping[str, str] = field(repr=False)
    database_port: int
    bus_port: int

    @property
    def conf(self) -> Path:
        """The folder of the configuration files."""
        return self.directory / "conf"

    @property
    def data(self) -> Path:
        """The folder of the services' data."""
        return self.directory / "data"

    def database(self, name: str) -> str:
        """Return the address of one of the cloud's databases."""
        return databases.url(self.cloud, name, self.secrets["database"], self.database_port)

    def bus(self) -> str:
        """Return the address of the cloud's virtual host on the message bus."""
        return bus.url(self.cloud, self.secrets["bus"], self.bus_port)


def render(options: Options, more: str = "") -> str:
    """Return the options as an INI file; oslo.config takes no quotes and expands ``$``, which no value here has.

    ``more``: an INI file of further options, which go before.
    """
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keeps the case, as its documentation says
    parser.read_dict({section: {k: text(v) for k, v in values.items()} for section, values in options.items()})
    parser.read_string(more)
    stream = io.StringIO()
    parser.write(stream)
    return stream.getvalue()


def text(value: object) -> str:
    """Return an option's value in INI form."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def files(site: Site, more: str = "") -> dict[str, str]:
    """Return the content of every configuration file of the cloud, by its path below ``site.conf``.

    ``more``: an INI file of further options for all of them; a service passes over options that it does not know.
    """
    options = {
        "keystone/keystone.conf": keystone(site),
        "glance/glance-api.conf": glance(site),
        "placement/placement.conf": placement(site),
        "neutron/neutron.conf": neutron(site),
        "neutron/ml2.ini": ml2(),
        "nova/nova.conf": nova(site),
        "nova/nova-compute.conf": nova_compute(site),
    }
    if site.cloud.cinder:
        options["cinder/cinder.conf"] = cinder(site)
    return {path: render(content, more) for path, content in options.items()}


def _common(site: Site, name: str) -> Options:
    return {
        "DEFAULT": {"use_stderr": True, "debug": False},
        "oslo_concurrency": {"lock_path": site.data / name / "locks"},
        # TLS ends at the gateway, which says in X-Forwarded-Proto that links are https.
        "oslo_middleware": {"enable_proxy_headers_parsing": True},
    }


def _account(site: Site, user: str) -> dict[str, object]:
    return {
        "auth_type": "password",
        "auth_url": site.addresses.frontend("identity"),
        "username": user,
        "password": site.secrets[user],
        "user_domain_id": "default",
        "project_name": "service",
        "project_domain_id": "default",
        "region_name": site.cloud.name,
        "cafile": site.authority,
    }


def token_checks(site: Site, user: str) -> dict[str, object]:
    """Return the options with which a service validates tokens."""
    return {
        **_account(site, user),
        "www_authenticate_uri": site.addresses.frontend("identity"),
        "interface": "internal",
        "service_token_roles": "service",
        "service_token_roles_required": True,
        # Without it, application credentials with access rules are refused.
        "service_type": next(api.type for api in APIS if api.name == user),
    }


def keystone(site: Site) -> Options:
    """Return Keystone's options."""
    keys = site.conf / "keystone"
    return {
        **_common(site, "keystone"),
        "database": {"connection": site.database("keystone")},
        # A renamed user's token shows the new name at once, which a test of token claims needs.
        "token": {"provider": "fernet", "caching": False, "cache_on_issue": False},
        "fernet_tokens": {"key_repository": keys / "fernet-keys"},
        "fernet_receipts": {"key_repository": keys / "fernet-keys"},
        "credential": {"key_repository": keys / "credential-keys"},
        # One-time codes are not among the methods by default.
        "auth": {"methods": ",".join((*AUTH_METHODS, "totp"))},
        # lab: bcrypt's default of 12 rounds would cost 0.15 s of CPU at each authentication.
        "identity": {"password_hash_rounds": 4},
        # lab: others give Keystone a memcached; here one process is all of it.
        "cache": {"backend": "dogpile.cache.memory"},
    }


def glance(site: Site) -> Options:
    """Return Glance's options."""
    data = site.data / "glance"
    options = _common(site, "glance")
    options["DEFAULT"] |= {"enabled_backends": "files:file", "enabled_import_methods": "[glance-direct]"}
    return {
        **options,
        "database": {"connection": site.database("glance")},
        "keystone_authtoken": token_checks(site, "glance"),
        "paste_deploy": {"flavor": "keystone", "config_file": site.venv / "etc/glance/glance-api-paste.ini"},
        "glance_store": {"default_backend": "files"},
        "files": {"filesystem_store_datadir": data / "images"},
        "os_glance_staging_store": {"filesystem_store_datadir": data / "staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": data / "tasks"},
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def placement(site: Site) -> Options:
    """Return Placement's options."""
    return {
        **_common(site, "placement"),
        "api": {"auth_strategy": "keystone"},
        "placement_database": {"connection": site.database("placement")},
        "keystone_authtoken": token_checks(site, "placement"),
    }


def neutron(site: Site) -> Options:
    """Return Neutron's options."""
    options = _common(site, "neutron")
    options["DEFAULT"] |= {
        "transport_url": site.bus(),
        "core_plugin": "ml2",
        "service_plugins": "",
        "state_path": site.data / "neutron",
        "api_paste_config": site.venv / "etc/neutron/api-paste.ini",
        "auth_strategy": "keystone",
        "notify_nova_on_port_status_changes": True,
        "notify_nova_on_port_data_changes": True,
        # lab: there are no agents to notify.
        "dhcp_agent_notification": False,
        "rpc_workers": 0,
        "rpc_state_report_workers": 0,
    }
    return {
        **options,
        "database": {"connection": site.database("neutron")},
        "keystone_authtoken": token_checks(site, "neutron"),
        "nova": {**_account(site, "neutron"), "endpoint_type": "internal"},
        "placement": _account(site, "neutron"),
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def ml2() -> Options:
    """Return the options of Neutron's core plugin."""
    return {
        "ml2": {
            "type_drivers": "local",
            "tenant_network_types": "local",
            "mechanism_drivers": "openstackoid_lab",
            "extension_drivers": "port_security",
        }
    }


def nova(site: Site) -> Options:
    """Return the options of all of Nova's services."""
    data = site.data / "nova"
    options = _common(site, "nova")
    options["DEFAULT"] |= {
        "transport_url": site.bus(),
        "state_path": data,
        "instances_path": data / "instances",
        "host": f"{site.cloud.slug.replace('_', '-')}-compute",
        "my_ip": HOST,
        "compute_driver": "openstackoid_lab.LabDriver",
        # lab: no packet flows, so no interface is plugged and reported.
        "vif_plugging_timeout": 0,
        "vif_plugging_is_fatal": False,
        "reserved_host_memory_mb": 0,
        # lab: there is one compute node.
        "allow_resize_to_same_host": True,
        # lab: by default a first periodic task comes up to 60 s late, for the sake of many nodes.
        "periodic_fuzzy_delay": 0,
    }
    return {
        **options,
        "api": {"auth_strategy": "keystone"},
        "api_database": {"connection": site.database("nova_api")},
        "database": {"connection": site.database("nova")},
        "keystone_authtoken": token_checks(site, "nova"),
        "service_user": {**_account(site, "nova"), "send_service_user_token": True},
        "keystone": _account(site, "nova"),
        "placement": _account(site, "nova"),
        "neutron": _account(site, "nova"),
        "glance": {"region_name": site.cloud.name, "cafile": site.authority},
        "cinder": {**_account(site, "nova"), "os_region_name": site.cloud.name},
        "conductor": {"workers": 1},
        # lab: the one compute node is found seconds after it first reports.
        "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": 8},
        "image_cache": {"manager_interval": -1},
        # lab: lists of several pages, and servers that are kept.
        "quota": {"instances": 50, "cores": 50},
        "vnc": {"enabled": False},
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def nova_compute(site: Site) -> Options:
    """Return nova-compute's options: Nova's own without access to a database."""
    return {name: values for name, values in nova(site).items() if name not in ("api_database", "database")}


def cinder(site: Site) -> Options:
    """Return the options of all of Cinder's services."""
    data = site.data / "cinder"
    options = _common(site, "cinder")
    options["DEFAULT"] |= {
        "transport_url": site.bus(),
        "state_path": data,
        "host": f"{site.cloud.slug.replace('_', '-')}-volumes",
        "my_ip": HOST,
        "auth_strategy": "keystone",
        "api_paste_config": site.venv / "etc/cinder/api-paste.ini",
        "resource_query_filters_file": site.venv / "etc/cinder/resource_filters.json",
        "enabled_backends": "lab",
        "default_volume_type": "__DEFAULT__",
        "glance_api_servers": site.addresses.frontend("image"),
        "glance_ca_certificates_file": site.authority,
        "osapi_volume_workers": 1,
    }
    return {
        **options,
        "database": {"connection": site.database("cinder")},
        "keystone_authtoken": token_checks(site, "cinder"),
        "service_user": {**_account(site, "cinder"), "send_service_user_token": True},
        "nova": _account(site, "cinder"),
        "lab": {"volume_driver": "openstackoid_lab.volume_driver.LabVolumeDriver", "volume_backend_name": "lab"},
        "oslo_messaging_notifications": {"driver": "noop"},
    }
