# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from openstackoid.discovery.catalog import LISTING, DiscoverError, Row, rows_of_catalog, rows_of_listing
from openstackoid.discovery.description import describe, merge
from openstackoid.mesh import MeshError, parse_mesh

BASE = "http://gw:8080"


def rows(kind: str, url: str, *interfaces: str, region: str = "CloudOne", name: str | None = None) -> list[Row]:
    return [Row(kind, interface, url, region, name) for interface in interfaces or ("public", "internal", "admin")]


def listing(*entries: dict[str, object]) -> str:
    return json.dumps(entries)


IMAGE: dict[str, object] = {"Service Type": "image", "Interface": "public", "URL": "http://h:9292", "Region": "RegionOne"}


class TestListing:
    def test_rows_are_read(self) -> None:
        assert rows_of_listing(listing(IMAGE), "x") == [Row("image", "public", "http://h:9292", "RegionOne")]

    def test_more_columns_are_welcome(self) -> None:
        text = listing({**IMAGE, "Enabled": True, "Service Name": "glance", "ID": "1"}, {**IMAGE, "Enabled": False})
        assert rows_of_listing(text, "x") == [Row("image", "public", "http://h:9292", "RegionOne", "glance")]

    def test_an_endpoint_without_a_region_has_an_empty_one(self) -> None:
        assert rows_of_listing(listing({**IMAGE, "Region": None}), "x")[0].region == ""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "file.json: not JSON: Expecting value: line 1 column 1"),
            ("[{]", "file.json: not JSON: "),
            ("{}", "file.json: a list of endpoints is accepted, as openstack writes it"),
            ("[1]", "file.json: a list of endpoints is accepted, as openstack writes it"),
            (listing(IMAGE, {"URL": "http://h"}), "file.json: endpoint 2 lacks the column Service Type, Interface, Region"),
        ],
    )
    def test_an_invalid_listing_is_refused_with_the_command_that_makes_one(self, text: str, reason: str) -> None:
        with pytest.raises(DiscoverError) as refused:
            rows_of_listing(text, "file.json")
        assert str(refused.value).startswith(reason)
        assert refused.value.hint == LISTING
        assert LISTING == 'openstack endpoint list --format json -c "Service Type" -c Interface -c URL -c Region'


class TestCatalog:
    def test_the_tokens_own_project_becomes_any_project(self) -> None:
        project = "0f" * 16
        urls = [
            f"http://h:8776/v3/{project}",
            f"http://h:8080/v1/AUTH_{project}",
            f"http://h:8004/v1/{project}/x",
            "http://h:9292",
            f"http://h/{project}0",
        ]
        catalog = [
            {"type": "t", "name": "n", "endpoints": [{"interface": "public", "region_id": "R", "url": url} for url in urls]}
        ]
        assert [row.url for row in rows_of_catalog(catalog, project)] == [
            "http://h:8776/v3/$(project_id)s",
            "http://h:8080/v1/AUTH_$(project_id)s",
            "http://h:8004/v1/$(project_id)s/x",
            "http://h:9292",
            f"http://h/{project}0",
        ]

    def test_both_forms_of_a_catalog_are_read(self) -> None:
        catalog: list[dict[str, object]] = [
            {"type": "image", "name": None, "endpoints": [{"interface": "publicURL", "region": "R", "url": "http://h"}]},
            {"type": "empty"},
        ]
        assert rows_of_catalog(catalog, None) == [Row("image", "public", "http://h", "R")]


class TestFrontends:
    def test_the_catalog_stands_as_it_is_and_the_backend_is_asked_for(self) -> None:
        text = describe("CloudOne", rows("compute", "http://h:8774/v2.1", name="nova"))
        assert text.endswith(
            """\
mesh: 1
clouds:
  CloudOne:
    services:
      compute:
        frontend: http://h:8774/v2.1
        # backend: http://HOST:PORT   # where compute itself listens, without a version
"""
        )
        filled = parse_mesh(text.replace("# backend: http://HOST:PORT", "backend: http://127.0.0.1:18774"))
        assert filled.clouds["CloudOne"].endpoints[0].backends[0].url() == "http://127.0.0.1:18774"

    @pytest.mark.parametrize("form", ["%(tenant_id)s", "$(tenant_id)s", "%(project_id)s", "$(project_id)s"])
    def test_every_form_of_a_project_is_kept(self, form: str) -> None:
        text = describe("CloudOne", rows("volumev3", f"http://h:8776/v3/{form}"))
        (endpoint,) = parse_mesh(text).clouds["CloudOne"].endpoints
        assert endpoint.frontend.for_project("p") == "http://h:8776/v3/p"
        assert (endpoint.catalog_type, endpoint.service) == ("volumev3", "block-storage")

    def test_interfaces_that_differ_are_told_apart(self) -> None:
        some = rows("image", "http://out:9292", "public") + rows("image", "http://in:9292", "internal")
        assert parse_mesh(describe("CloudOne", some)).clouds["CloudOne"].endpoints[0].interfaces == ("public",)
        assert "admin" not in describe("CloudOne", some)
        assert "admin" not in describe("CloudOne", rows("image", "http://h:9292", "public", "internal"))

    def test_aliases_beside_each_other(self) -> None:
        both = rows("volumev3", "http://h/volume/v3/$(project_id)s") + rows("block-storage", "http://h/volume/v3")
        endpoints = parse_mesh(describe("CloudOne", both)).clouds["CloudOne"].endpoints
        assert [(endpoint.catalog_type, endpoint.service) for endpoint in endpoints] == [
            ("block-storage", "block-storage"),
            ("volumev3", "block-storage"),
        ]

    def test_the_order_of_the_catalog_makes_no_difference(self) -> None:
        some = rows("image", "http://h:1") + rows("compute", "http://h:2") + rows("identity", "http://h:3")
        assert describe("CloudOne", some) == describe("CloudOne", some[::-1])

    def test_a_name_that_is_not_the_projects_own_is_kept(self) -> None:
        assert "name:" not in describe("CloudOne", rows("image", "http://h", name="glance"))
        assert "        name: images of ours\n" in describe("CloudOne", rows("image", "http://h", name="images of ours"))
        assert '        name: "a: b"\n' in describe("CloudOne", rows("image", "http://h", name="a: b"))

    @pytest.mark.parametrize("name", ["null", "yes", "1.5", "2026-01-01", "0x1", "1_000"])
    def test_names_that_yaml_would_read_as_other_types(self, name: str) -> None:
        text = describe(name, rows("image", "http://h", region=name + name))
        assert parse_mesh(text).clouds[name].region == name + name

    def test_an_unknown_service_type_is_left_out_with_a_comment(self) -> None:
        text = describe("CloudOne", rows("compute_legacy", "http://h/v2") + rows("image", "http://h/image"))
        assert "      # Left out, no service type: compute_legacy\n" in text
        assert [endpoint.catalog_type for endpoint in parse_mesh(text).clouds["CloudOne"].endpoints] == ["image"]


class TestBackends:
    def test_the_frontends_are_prefixes_below_the_base(self) -> None:
        some = rows("image", "http://h:9292") + rows("volumev3", "http://h:8776/v3/$(project_id)s")
        cloud = parse_mesh(describe("CloudOne", some, frontend=BASE)).clouds["CloudOne"]
        assert [
            (endpoint.frontend.root() + endpoint.frontend.suffix, endpoint.backends[0].url()) for endpoint in cloud.endpoints
        ] == [
            ("http://gw:8080/image", "http://h:9292"),
            ("http://gw:8080/volumev3/v3/$(project_id)s", "http://h:8776"),
        ]

    def test_another_backend_is_another_prefix(self) -> None:
        some = rows("identity", "http://h:5000/v3", "public", "internal") + rows("identity", "http://h:35357/v3", "admin")
        cloud = parse_mesh(describe("CloudOne", some, frontend=BASE + "/one/")).clouds["CloudOne"]
        assert [(endpoint.interfaces, endpoint.frontend.prefix) for endpoint in cloud.endpoints] == [
            (("public", "internal"), "/one/identity"),
            (("admin",), "/one/identity-admin"),
        ]

    @pytest.mark.parametrize("base", ["ftp://gw", "gw:8080", "http://gw/v3", "http://gw/?a=b"])
    def test_a_base_that_cannot_be_is_refused(self, base: str) -> None:
        with pytest.raises(DiscoverError, match=r"^--frontend '"):
            describe("CloudOne", rows("image", "http://h"), frontend=base)


class TestRefusals:
    @pytest.mark.parametrize(
        ("some", "reason"),
        [
            ([], "the catalog of CloudOne is empty"),
            (rows("a_b", "http://h"), "the catalog of CloudOne has no service that a mesh can have"),
            (
                rows("image", "ftp://h", "public") + rows("compute", "ftp://h", "admin"),
                "the catalog of CloudOne has endpoints that a mesh cannot have:\n"
                "  image public: 'ftp://h': an http:// or https:// URL is accepted, as in http://gateway:8080/image\n"
                "  compute admin: 'ftp://h': an http:// or https:// URL is accepted, as in http://gateway:8080/image",
            ),
            (
                rows("image", "http://h", "private"),
                "the catalog of CloudOne has endpoints that a mesh cannot have:\n"
                "  image private: the interfaces public, internal, admin are accepted",
            ),
            (
                rows("image", "http://a", "public") + rows("image", "http://b", "public"),
                "the catalog of CloudOne has endpoints that a mesh cannot have:\n"
                "  image public: two URLs, http://a and http://b; one is accepted",
            ),
        ],
    )
    def test_a_catalog_that_cannot_be_described(self, some: list[Row], reason: str) -> None:
        with pytest.raises(DiscoverError) as refused:
            describe("CloudOne", some)
        assert str(refused.value) == reason

    def test_one_of_several_regions_is_to_be_chosen(self) -> None:
        both = rows("image", "http://a", region="North") + rows("image", "http://b", region="South")
        with pytest.raises(DiscoverError, match="the catalog of CloudOne has several regions: North, South") as refused:
            describe("CloudOne", both)
        assert refused.value.hint == "choose one with --region"
        with pytest.raises(DiscoverError, match="the catalog of CloudOne has no region 'West'; it has: North, South"):
            describe("CloudOne", both, region="West")
        cloud = parse_mesh(describe("CloudOne", both, region="South")).clouds["CloudOne"]
        assert (cloud.region, cloud.endpoints[0].frontend.host) == ("South", "b")

    def test_a_name_that_no_scope_could_say(self) -> None:
        with pytest.raises(DiscoverError, match="--name a b: letters, digits"):
            describe("a b", rows("image", "http://h"))

    def test_two_services_at_one_address(self) -> None:
        with pytest.raises(
            MeshError, match=r"the description made from the catalog:\d+:\d+: .* is the frontend of compute.public"
        ):
            describe("CloudOne", rows("image", "http://h/v2") + rows("compute", "http://h/v2.1"))


class TestMerge:
    one = describe("CloudOne", rows("image", "http://one"))
    two = describe("CloudTwo", rows("image", "http://two", region="CloudTwo"))

    def test_adding_a_cloud_changes_no_other_line(self) -> None:
        merged = merge(self.one, "f", "CloudTwo", self.two)
        assert merged.startswith(self.one.rstrip())
        assert list(parse_mesh(merged).clouds) == ["CloudOne", "CloudTwo"]

    def test_the_files_own_indentation_is_followed(self) -> None:
        wide = "mesh: 1\nclouds:\n      CloudOne: {services: {image: {frontend: 'http://one'}}}\n"
        assert "\n      CloudTwo:\n" in merge(wide, "f", "CloudTwo", self.two)

    def test_a_cloud_that_is_there_is_not_added(self) -> None:
        with pytest.raises(DiscoverError, match="f: it describes CloudOne already"):
            merge(self.one, "f", "CloudOne", self.one)

    def test_a_file_in_another_order_is_left_to_its_owner(self) -> None:
        with pytest.raises(DiscoverError, match="f: CloudTwo cannot be added at its end") as refused:
            merge("clouds:\n  One:\n    services: {image: {frontend: 'http://one'}}\nmesh: 1\n", "f", "CloudTwo", self.two)
        assert refused.value.hint is not None
        with pytest.raises(DiscoverError, match="f: CloudTwo cannot be added at its end"):
            merge("{mesh: 1, clouds: {One: {services: {image: {frontend: 'http://one'}}}}}", "f", "CloudTwo", self.two)

    def test_a_file_that_is_no_description_is_refused(self) -> None:
        with pytest.raises(MeshError, match=r"^f:1:1: "):
            merge("clouds: 1", "f", "CloudTwo", self.two)
