# SPDX-License-Identifier: Apache-2.0
"""The column ``Cloud`` of the list commands of ``openstack``, under a scope of several clouds at once.

cliff finds the hook of a command by the entry point group ``openstack.cli.<command>``, which has no wildcard: pyproject.toml has
one for each command in :data:`COMMANDS` and :data:`PARTS`.
"""

import argparse
from typing import Any

from cliff.hooks import CommandHook

from openstackoid.client.adapter import mounted
from openstackoid.client.in_force import scope_in_force
from openstackoid.scope import has_all

COLUMN = "Cloud"

COMMANDS = {
    "server_list": ("compute", "servers"),
    "flavor_list": ("compute", "flavors"),
    "keypair_list": ("compute", "keypairs"),
    "server_group_list": ("compute", "server_groups"),
    "aggregate_list": ("compute", "aggregates"),
    "availability_zone_list": ("compute", "availabilityZoneInfo"),
    "hypervisor_list": ("compute", "hypervisors"),
    "compute_service_list": ("compute", "services"),
    "server_migration_list": ("compute", "migrations"),
    "image_list": ("image", "images"),
    "image_task_list": ("image", "tasks"),
    "image_metadef_namespace_list": ("image", "namespaces"),
    "image_metadef_resource_type_list": ("image", "resource_types"),
    "image_stores_list": ("image", "stores"),
    "network_list": ("network", "networks"),
    "subnet_list": ("network", "subnets"),
    "port_list": ("network", "ports"),
    "router_list": ("network", "routers"),
    "floating_ip_list": ("network", "floatingips"),
    "security_group_list": ("network", "security_groups"),
    "security_group_rule_list": ("network", "security_group_rules"),
    "subnet_pool_list": ("network", "subnetpools"),
    "address_scope_list": ("network", "address_scopes"),
    "address_group_list": ("network", "address_groups"),
    "network_rbac_list": ("network", "rbac_policies"),
    "network_qos_policy_list": ("network", "policies"),
    "network_trunk_list": ("network", "trunks"),
    "network_segment_list": ("network", "segments"),
    "network_agent_list": ("network", "agents"),
    "local_ip_list": ("network", "local_ips"),
    "network_flavor_list": ("network", "flavors"),
    "network_flavor_profile_list": ("network", "service_profiles"),
    "network_meter_list": ("network", "metering_labels"),
    "network_meter_rule_list": ("network", "metering_label_rules"),
    "network_segment_range_list": ("network", "network_segment_ranges"),
    "router_ndp_proxy_list": ("network", "ndp_proxies"),
    "default_security_group_rule_list": ("network", "default_security_group_rules"),
    "bgp_peer_list": ("network", "bgp_peers"),
    "bgp_speaker_list": ("network", "bgp_speakers"),
    "bgpvpn_list": ("network", "bgpvpns"),
    "firewall_group_list": ("network", "firewall_groups"),
    "firewall_group_policy_list": ("network", "firewall_policies"),
    "firewall_group_rule_list": ("network", "firewall_rules"),
    "tap_flow_list": ("network", "tap_flows"),
    "tap_mirror_list": ("network", "tap_mirrors"),
    "tap_service_list": ("network", "tap_services"),
    "vpn_endpoint_group_list": ("network", "endpoint_groups"),
    "vpn_ike_policy_list": ("network", "ikepolicies"),
    "vpn_ipsec_policy_list": ("network", "ipsecpolicies"),
    "vpn_ipsec_site_connection_list": ("network", "ipsec_site_connections"),
    "vpn_service_list": ("network", "vpnservices"),
    "network_service_provider_list": ("network", "service_providers"),
    "network_qos_rule_type_list": ("network", "rule_types"),
    "ip_availability_list": ("network", "network_ip_availabilities"),
    "volume_list": ("block-storage", "volumes"),
    "volume_snapshot_list": ("block-storage", "snapshots"),
    "volume_backup_list": ("block-storage", "backups"),
    "volume_group_list": ("block-storage", "groups"),
    "volume_group_snapshot_list": ("block-storage", "group_snapshots"),
    "volume_type_list": ("block-storage", "volume_types"),
    "volume_group_type_list": ("block-storage", "group_types"),
    "volume_qos_list": ("block-storage", "qos_specs"),
    "volume_message_list": ("block-storage", "messages"),
    "volume_attachment_list": ("block-storage", "attachments"),
    "volume_transfer_request_list": ("block-storage", "transfers"),
    "volume_service_list": ("block-storage", "services"),
    "volume_backend_pool_list": ("block-storage", "pools"),
    "container_list": ("object-store", ""),
    "object_list": ("object-store", ""),
    "stack_list": ("orchestration", "stacks"),
    "loadbalancer_list": ("load-balancer", "loadbalancers"),
    "loadbalancer_listener_list": ("load-balancer", "listeners"),
    "loadbalancer_pool_list": ("load-balancer", "pools"),
    "loadbalancer_l7policy_list": ("load-balancer", "l7policies"),
    "loadbalancer_healthmonitor_list": ("load-balancer", "healthmonitors"),
    "loadbalancer_amphora_list": ("load-balancer", "amphorae"),
    "loadbalancer_flavor_list": ("load-balancer", "flavors"),
    "loadbalancer_flavorprofile_list": ("load-balancer", "flavorprofiles"),
    "loadbalancer_availabilityzone_list": ("load-balancer", "availability_zones"),
    "loadbalancer_availabilityzoneprofile_list": ("load-balancer", "availability_zone_profiles"),
    "loadbalancer_provider_list": ("load-balancer", "providers"),
    "zone_list": ("dns", "zones"),
    "recordset_list": ("dns", "recordsets"),
    "zone_import_list": ("dns", "imports"),
    "zone_export_list": ("dns", "exports"),
    "zone_transfer_request_list": ("dns", "transfer_requests"),
    "zone_transfer_accept_list": ("dns", "transfer_accepts"),
    "zone_blacklist_list": ("dns", "blacklists"),
    "tld_list": ("dns", "tlds"),
    "tsigkey_list": ("dns", "tsigkeys"),
    "ptr_record_list": ("dns", "floatingips"),
    "dns_service_list": ("dns", "service_statuses"),
    "baremetal_node_list": ("baremetal", "nodes"),
    "baremetal_port_list": ("baremetal", "ports"),
    "baremetal_port_group_list": ("baremetal", "portgroups"),
    "baremetal_chassis_list": ("baremetal", "chassis"),
    "baremetal_allocation_list": ("baremetal", "allocations"),
    "baremetal_volume_connector_list": ("baremetal", "connectors"),
    "baremetal_volume_target_list": ("baremetal", "targets"),
    "baremetal_deploy_template_list": ("baremetal", "deploy_templates"),
    "baremetal_runbook_list": ("baremetal", "runbooks"),
    "baremetal_conductor_list": ("baremetal", "conductors"),
    "baremetal_driver_list": ("baremetal", "drivers"),
    "coe_cluster_list": ("container-infrastructure-management", "clusters"),
    "coe_cluster_template_list": ("container-infrastructure-management", "clustertemplates"),
    "coe_service_list": ("container-infrastructure-management", "mservices"),
    "secret_list": ("key-manager", "secrets"),
    "secret_container_list": ("key-manager", "containers"),
    "secret_order_list": ("key-manager", "orders"),
    "share_list": ("shared-file-system", "shares"),
    "share_snapshot_list": ("shared-file-system", "snapshots"),
    "share_backup_list": ("shared-file-system", "share_backups"),
    "share_transfer_list": ("shared-file-system", "transfers"),
    "share_message_list": ("shared-file-system", "messages"),
    "share_lock_list": ("shared-file-system", "resource_locks"),
    "share_group_list": ("shared-file-system", "share_groups"),
    "share_group_snapshot_list": ("shared-file-system", "share_group_snapshots"),
    "share_network_list": ("shared-file-system", "share_networks"),
    "share_security_service_list": ("shared-file-system", "security_services"),
    "share_replica_list": ("shared-file-system", "share_replicas"),
    "share_server_list": ("shared-file-system", "share_servers"),
    "share_instance_list": ("shared-file-system", "share_instances"),
    "share_snapshot_instance_list": ("shared-file-system", "snapshot_instances"),
    "share_service_list": ("shared-file-system", "services"),
    "share_availability_zone_list": ("shared-file-system", "availability_zones"),
}
"""The service and the collection of the list that a command shows."""

PARTS = {
    "server_volume_list": "compute",
    "server_event_list": "compute",
    "image_member_list": "image",
    "floating_ip_port_forwarding_list": "network",
    "local_ip_association_list": "network",
    "bgpvpn_network_association_list": "network",
    "bgpvpn_port_association_list": "network",
    "bgpvpn_router_association_list": "network",
    "network_subport_list": "network",
    "network_trunk_subport_list": "network",
    "network_l3_conntrack_helper_list": "network",
    "loadbalancer_member_list": "load-balancer",
    "loadbalancer_l7rule_list": "load-balancer",
    "zone_share_list": "dns",
    "share_export_location_list": "shared-file-system",
}
"""The service of a command that shows what is below one resource, which it has asked for before."""


class CloudColumn(CommandHook):
    """Adds the column to the rows of a command, as the last one."""

    def get_parser(self, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        """Return the parser as it is."""
        return parser

    def get_epilog(self) -> str | None:
        """Return nothing: the help of a command stays as it is."""
        return None

    def before(self, parsed_args: argparse.Namespace) -> argparse.Namespace:
        """Return the options as they are."""
        return parsed_args

    def after(self, parsed_args: argparse.Namespace, return_code: Any) -> Any:  # noqa: ARG002 (cliff's)
        """Return columns and rows: cliff passes those of a list in the place of a code."""
        command = (self.cmd.cmd_name or "").replace(" ", "_")
        service, collection = COMMANDS.get(command) or (PARTS[command], None)
        connection = self.cmd.app.client_manager.sdk_connection  # type: ignore[attr-defined]
        scope = scope_in_force(connection.config).scope
        adapter = mounted(connection.session.session)
        expression = None if scope is None else scope.expression_for(service)
        if expression is None or adapter is None or not has_all(expression):
            return return_code
        columns, rows = return_code
        rows = [tuple(row) for row in rows]
        clouds = [""] * len(rows) if collection is None else adapter.items.clouds(collection, rows)
        if not any(clouds):
            # What is below one resource is in its cloud.
            clouds = [adapter.items.cloud_of_parts()] * len(rows)
        adapter.items.forget()
        return (*columns, COLUMN), [(*row, cloud) for row, cloud in zip(rows, clouds, strict=True)]
