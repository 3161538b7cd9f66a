# SPDX-License-Identifier: Apache-2.0
"""Versions, extensions and schemas: what every cloud has."""

from typing import Any

from openstackoid.composition import CommonKind, Fault, builtin_kinds, common_part, common_versions


def nova(lowest: str, highest: str) -> dict[str, Any]:
    legacy = {"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "links": []}
    return {"versions": [legacy, {"id": "v2.1", "status": "CURRENT", "version": highest, "min_version": lowest, "links": []}]}


def glance(*versions: str) -> dict[str, Any]:
    found = [{"id": version, "status": "SUPPORTED"} for version in versions]
    return {"versions": [found[0] | {"status": "CURRENT"}, *found[1:]]}


def test_microversions_are_those_that_all_have() -> None:
    found, failures = common_versions({"One": nova("2.1", "2.100"), "Two": nova("2.3", "2.96")})
    assert [(entry["id"], entry["min_version"], entry["version"]) for entry in found["versions"]] == [
        ("v2.0", "", ""),
        ("v2.1", "2.3", "2.96"),
    ]
    assert failures == []


def test_a_version_without_common_microversions_is_left_out() -> None:
    found, _ = common_versions({"One": nova("2.1", "2.9"), "Two": nova("2.10", "2.100")})
    assert [entry["id"] for entry in found["versions"]] == ["v2.0"]


def test_the_highest_version_that_all_have_is_the_current_one() -> None:
    found, _ = common_versions(
        {"One": glance("v2.17", "v2.16", "v2.9"), "Two": glance("v2.16", "v2.9"), "Three": glance("v2.16", "v2.9")}
    )
    assert [(entry["id"], entry["status"]) for entry in found["versions"]] == [("v2.16", "CURRENT"), ("v2.9", "SUPPORTED")]


def test_one_version_keeps_its_form() -> None:
    one = {"version": {"id": "v2.1", "version": "2.100", "min_version": "2.1", "media-types": []}}
    found, _ = common_versions({"One": one, "Two": {"version": {"id": "v2.1", "version": "2.96", "min_version": "2.1"}}})
    assert found == {"version": {"id": "v2.1", "version": "2.96", "min_version": "2.1", "media-types": []}}


def test_a_cloud_without_microversions_has_none_in_common() -> None:
    found, _ = common_versions({"One": nova("2.1", "2.9"), "Two": {"versions": [{"id": "v2.1", "status": "CURRENT"}]}})
    assert found["versions"] == [{"id": "v2.1", "status": "CURRENT", "version": "", "min_version": "", "links": []}]


def test_garbage_is_a_failure_of_its_cloud() -> None:
    found, failures = common_versions({"One": {"versions": "x"}, "Two": nova("2.1", "2.9"), "Three": {"versions": [{"id": 1}]}})
    assert len(found["versions"]) == 2
    assert [(failure.cloud, failure.fault) for failure in failures] == [
        ("One", Fault.WRONG_SHAPE),
        ("Three", Fault.WRONG_SHAPE),
    ]
    assert common_versions({"One": {}})[0] == {}


def test_extensions_and_schemas() -> None:
    extensions = builtin_kinds().of("network", "/v2.0/extensions")
    schema = builtin_kinds().of("image", "/v2/schemas/image")
    methods = builtin_kinds().of("image", "/v2/info/import")
    assert isinstance(extensions, CommonKind) and isinstance(schema, CommonKind) and isinstance(methods, CommonKind)
    one = {"extensions": [{"alias": "router", "name": "One"}, {"alias": "qos"}]}
    found, _ = common_part(extensions, {"One": one, "Two": {"extensions": [{"alias": "router"}]}})
    assert found == {"extensions": [{"alias": "router", "name": "One"}], "os_scope_clouds": ["One", "Two"]}
    two, three = {"extensions": [{"alias": "router"}]}, {"extensions": None}
    found, failures = common_part(extensions, {"One | Four": one, "Two": two, "Three": three}, {"One | Four": "Four"})
    assert (found["os_scope_clouds"], [failure.cloud for failure in failures]) == (["Four", "Two"], ["Three"])
    first = {"name": "image", "properties": {"a": 1, "b": 2}}
    found, failures = common_part(schema, {"One": first, "Two": {"properties": {"b": 3}}, "Three": {"properties": []}})
    assert found == {"name": "image", "properties": {"b": 2}}
    assert [failure.cloud for failure in failures] == ["Three"]
    imports = [
        {"import-methods": {"type": "array", "value": value}} for value in (["web-download", "glance-direct"], ["glance-direct"])
    ]
    found, _ = common_part(methods, dict(zip(("One", "Two"), imports, strict=True)))
    assert found == {"import-methods": {"type": "array", "value": ["glance-direct"]}}
