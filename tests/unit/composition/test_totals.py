# SPDX-License-Identifier: Apache-2.0
"""Limits, quotas and usage are added, and say so."""

import json
from typing import Any

import pytest

from openstackoid.composition import Failure, Fault, TotalKind, builtin_kinds, total

PROJECT = "0123456789abcdef0123456789abcdef"


def kind(service: str, path: str) -> TotalKind:
    found = builtin_kinds().of(service, path)
    assert isinstance(found, TotalKind)
    return found


def limits(**absolute: int) -> dict[str, Any]:
    return {"limits": {"rate": [], "absolute": absolute}}


def test_limits_are_added_and_say_their_clouds() -> None:
    documents = {
        "One": limits(maxTotalCores=20, totalCoresUsed=3, maxServerMeta=128),
        "Two": limits(maxTotalCores=10, totalCoresUsed=1, maxServerMeta=64, maxNew=5),
    }
    found, failures = total(kind("compute", "/v2.1/limits"), documents)
    absolute = {"maxTotalCores": 30, "totalCoresUsed": 4, "maxServerMeta": 64, "maxNew": 5}
    assert found == {"limits": {"rate": [], "absolute": absolute, "os_scope_clouds": ["One", "Two"]}}
    assert failures == []
    assert "os_scope_clouds" not in documents["One"]["limits"], "what came in stays as it was"


def test_unlimited_stays_unlimited() -> None:
    quota = kind("compute", f"/v2.1/os-quota-sets/{PROJECT}")
    found, _ = total(quota, {"One": {"quota_set": {"id": "a", "cores": -1, "metadata_items": -1}},
                             "Two": {"quota_set": {"id": "b", "cores": 20, "metadata_items": 128}}})  # fmt: skip
    assert found["quota_set"] == {"id": "a", "cores": -1, "metadata_items": 128, "os_scope_clouds": ["One", "Two"]}


def test_details_of_quotas_are_added_below() -> None:
    details = kind("network", f"/v2.0/quotas/{PROJECT}/details")
    one = {"quota": {"port": {"limit": 10, "used": 2, "reserved": 0}}}
    found, _ = total(details, {"One": one, "Two": one, "Three": one})
    assert found["quota"]["port"] == {"limit": 30, "used": 6, "reserved": 0}


def test_usage_joins_lists_and_leaves_truth_values_alone() -> None:
    usage = kind("compute", f"/v2.1/os-simple-tenant-usage/{PROJECT}")
    one = {"tenant_usage": {"total_hours": 1.5, "server_usages": [{"name": "a"}], "ok": True}}
    two = {"tenant_usage": {"total_hours": 2, "server_usages": [{"name": "b"}], "ok": True}}
    found, _ = total(usage, {"One": one, "Two": two})
    expected = {"total_hours": 3.5, "server_usages": [{"name": "a"}, {"name": "b"}], "ok": True}
    assert found["tenant_usage"] == {**expected, "os_scope_clouds": ["One", "Two"]}


def test_another_form_is_a_failure_of_its_cloud() -> None:
    found, failures = total(kind("compute", "/v2.1/limits"), {"One": {"limits": []}, "Two": limits(maxTotalCores=1)})
    assert found["limits"]["os_scope_clouds"] == ["Two"]
    assert failures == [Failure("One", Fault.WRONG_SHAPE, detail="'limits' is not an object")]
    assert total(kind("compute", "/v2.1/limits"), {"One": {}})[0] == {}


@pytest.mark.parametrize("number", [10**400, 10**4300 - 1, -(10**400), 2**63, 1.7e308])
@pytest.mark.parametrize("theirs", [1, 1.5, 1e308])
def test_a_number_that_cannot_be_added_is_a_failure_of_its_cloud(number: float, theirs: float) -> None:
    usage = kind("compute", f"/v2.1/os-simple-tenant-usage/{PROJECT}")
    found, failures = total(
        usage, {"One": {"tenant_usage": {"hours": 1.5}}, "Two": {"tenant_usage": {"of": [{"hours": number}]}}}
    )
    assert found["tenant_usage"] == {"hours": 1.5, "os_scope_clouds": ["One"]}
    assert failures == [Failure("Two", Fault.WRONG_SHAPE, detail="a number in it is too large")]
    both, _ = total(usage, {"One": {"tenant_usage": {"hours": theirs}}, "Two": {"tenant_usage": {"hours": number}}})
    json.dumps(both, allow_nan=False)


def both(service: str, path: str, one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    found, failures = total(kind(service, path), {"One": one, "Two": two})
    assert failures == []
    return found


@pytest.mark.parametrize(
    ("service", "path", "wrapper", "one", "two", "sum_"),
    [
        ("compute", "/v2.1/os-quota-class-sets/default", "quota_class_set", {"cores": 20, "metadata_items": 128},
         {"cores": 10, "metadata_items": 64}, {"cores": 30, "metadata_items": 64}),
        ("block-storage", f"/v3/{PROJECT}/os-quota-class-sets/default", "quota_class_set",
         {"volumes": 10, "per_volume_gigabytes": -1}, {"volumes": 5, "per_volume_gigabytes": 9},
         {"volumes": 15, "per_volume_gigabytes": 9}),
        ("image", "/v2/info/usage", "usage", {"image_size_total": {"usage": 1, "limit": 10}},
         {"image_size_total": {"usage": 2, "limit": 20}}, {"image_size_total": {"usage": 3, "limit": 30}}),
        ("shared-file-system", "/v2/limits", "limits", {"rate": [], "absolute": {"maxTotalShares": 50, "totalSharesUsed": 1}},
         {"rate": [], "absolute": {"maxTotalShares": 5, "totalSharesUsed": 2}},
         {"rate": [], "absolute": {"maxTotalShares": 55, "totalSharesUsed": 3}}),
        ("shared-file-system", f"/v2/quota-sets/{PROJECT}", "quota_set", {"shares": 50, "per_share_gigabytes": -1},
         {"shares": -1, "per_share_gigabytes": 7}, {"shares": -1, "per_share_gigabytes": 7}),
        ("shared-file-system", f"/v2/quota-sets/{PROJECT}/detail", "quota_set",
         {"shares": {"in_use": 1, "limit": 50}, "per_share_gigabytes": {"in_use": 0, "limit": 9}},
         {"shares": {"in_use": 2, "limit": 50}, "per_share_gigabytes": {"in_use": 0, "limit": 4}},
         {"shares": {"in_use": 3, "limit": 100}, "per_share_gigabytes": {"in_use": 0, "limit": 4}}),
        ("load-balancer", f"/v2/lbaas/quotas/{PROJECT}", "quota", {"loadbalancer": 10}, {"loadbalancer": 5},
         {"loadbalancer": 15}),
        ("load-balancer", "/v2/lbaas/quotas/defaults", "quota", {"pool": -1}, {"pool": 5}, {"pool": -1}),
        ("key-manager", "/v1/quotas", "quotas", {"secrets": 10, "orders": -1}, {"secrets": 5, "orders": 5},
         {"secrets": 15, "orders": -1}),
        ("key-manager", f"/v1/project-quotas/{PROJECT}", "project_quotas", {"secrets": 10}, {"secrets": 5}, {"secrets": 15}),
        ("placement", "/usages", "usages", {"VCPU": 2, "DISK_GB": 5}, {"VCPU": 1, "MEMORY_MB": 512},
         {"VCPU": 3, "DISK_GB": 5, "MEMORY_MB": 512}),
    ],
)  # fmt: skip
def test_limits_quotas_and_usage_of_each_service(
    service: str, path: str, wrapper: str, one: dict[str, Any], two: dict[str, Any], sum_: dict[str, Any]
) -> None:
    """Documents as the API references of the services show them."""
    found = both(service, path, {wrapper: one}, {wrapper: two})
    assert found == {wrapper: {**sum_, "os_scope_clouds": ["One", "Two"]}}


@pytest.mark.parametrize(
    ("service", "path", "one", "two", "sum_"),
    [
        ("dns", "/v2/limits", {"max_zones": 10, "max_zone_recordsets": 500, "min_ttl": None},
         {"max_zones": 5, "max_zone_recordsets": 100, "min_ttl": 60},
         {"max_zones": 15, "max_zone_recordsets": 100, "min_ttl": 60}),
        ("dns", "/v2/limits", {"min_ttl": 300}, {"min_ttl": 60}, {"min_ttl": 300}),
        ("dns", f"/v2/quotas/{PROJECT}", {"zones": 10, "zone_records": 500}, {"zones": 20, "zone_records": 300},
         {"zones": 30, "zone_records": 300}),
        ("dns", "/v2/quotas", {"zones": 10}, {"zones": 20}, {"zones": 30}),
        ("container-infrastructure-management", f"/v1/quotas/{PROJECT}/Cluster",
         {"id": 26, "resource": "Cluster", "hard_limit": 20}, {"id": 3, "resource": "Cluster", "hard_limit": 5},
         {"id": 3, "resource": "Cluster", "hard_limit": 25}),
        ("container-infrastructure-management", "/v1/stats", {"clusters": 1, "nodes": 2}, {"clusters": 2, "nodes": 9},
         {"clusters": 3, "nodes": 11}),
        ("application-container", f"/v1/quotas/{PROJECT}", {"cpu": {"limit": 20, "in_use": 4}},
         {"cpu": {"limit": 5, "in_use": 1}}, {"cpu": {"limit": 25, "in_use": 5}}),
    ],
)  # fmt: skip
def test_documents_without_a_wrapper_say_their_clouds_beside_the_numbers(
    service: str, path: str, one: dict[str, Any], two: dict[str, Any], sum_: dict[str, Any]
) -> None:
    assert both(service, path, one, two) == {**sum_, "os_scope_clouds": ["One", "Two"]}


def test_entries_of_a_list_are_added_by_their_names() -> None:
    absolute = {"verb": "ABSOLUTE", "max_instances": 10, "max_volumes": 40}
    post, admins = {"verb": "POST", "uri": "*", "value": 200, "remaining": 199}, {"verb": "POST", "uri": "*/mgmt", "value": 9}
    one = {"limits": [absolute, post, admins]}
    two = {"limits": [{"verb": "ABSOLUTE", "max_instances": 5, "max_volumes": -1}, {**post, "remaining": 3}, 7]}
    found = both("database", f"/v1.0/{PROJECT}/limits", one, two)
    added = {"verb": "ABSOLUTE", "max_instances": 15, "max_volumes": -1}
    assert found == {"limits": [added, {**post, "remaining": 3}, admins, 7], "os_scope_clouds": ["One", "Two"]}
    quotas = [{"quotas": [{"resource": "instances", "limit": limit, "in_use": 1}]} for limit in (10, 15)]
    found = both("database", f"/v1.0/{PROJECT}/mgmt/quotas/{PROJECT}", *quotas)
    assert found["quotas"] == [{"resource": "instances", "limit": 25, "in_use": 2}]
    alarms = {"project_id": "a", "quotas": [{"resource": "alarms", "limit": 5}]}
    assert both("alarm", "/v2/quotas", alarms, alarms)["quotas"] == [{"resource": "alarms", "limit": 10}]


def test_an_object_in_place_of_a_list_is_a_failure_of_its_cloud() -> None:
    found, failures = total(kind("alarm", "/v2/quotas"), {"One": {"quotas": {}}, "Two": {"quotas": []}})
    assert found == {"quotas": [], "os_scope_clouds": ["Two"]}
    assert failures == [Failure("One", Fault.WRONG_SHAPE, detail="'quotas' is not a list")]
