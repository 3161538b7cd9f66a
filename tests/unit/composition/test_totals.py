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
