# SPDX-License-Identifier: Apache-2.0
"""Only a guest's own project in a request becomes the project's id here."""

import json
from typing import Any
from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.clouds import three_clouds
from documents import read
from openstackoid.routing import OwnProject
from openstackoid.routing.project_fields import PROJECT_FIELDS
from openstackoid.scope import official_service_type

ONE = three_clouds().clouds["CloudOne"]
JSON = "application/json"
PAGE = read("operate/policy-users.md")


def own(service: str, theirs: str = "p1", ours: str = "ours") -> OwnProject:
    endpoint = ONE.endpoint(service, "public")
    assert endpoint is not None
    return OwnProject(endpoint, theirs, ours)


@pytest.mark.parametrize(
    ("service", "path", "expected"),
    [
        ("block-storage", "/volume/v3/p1/volumes/p1", "/volume/v3/ours/volumes/p1"),
        ("block-storage", "/volume/v3/p1", "/volume/v3/ours"),
        ("block-storage", "/volume/v3/p12/volumes", "/volume/v3/p12/volumes"),
        ("block-storage", "/volume/v3/ours/volumes", "/volume/v3/ours/volumes"),
        ("block-storage", "/volume/v3/volumes", "/volume/v3/volumes"),
        ("block-storage", "/volume/", "/volume/"),
        ("block-storage", "/volume/v3/os-quota-sets/p1", "/volume/v3/os-quota-sets/ours"),
        ("block-storage", "/volume/v3/p1/os-quota-sets/p1", "/volume/v3/ours/os-quota-sets/ours"),
        ("block-storage", "/volume/v3/p2/os-quota-sets/p1/defaults", "/volume/v3/p2/os-quota-sets/ours/defaults"),
        ("block-storage", "/volume/v3/volumes/v/metadata/p1", "/volume/v3/volumes/v/metadata/p1"),
        ("object-store", "/swift/v1/AUTH_p1/c/p1", "/swift/v1/AUTH_ours/c/p1"),
        ("object-store", "/swift/v1/AUTH%5Fp1//AUTH_p1/", "/swift/v1/AUTH_ours//AUTH_p1/"),
        ("object-store", "/swift/v1/p1/c", "/swift/v1/p1/c"),
        ("object-store", "/swift/v1/AUTHp1/c", "/swift/v1/AUTHp1/c"),
        ("image", "/image/v2/p1", "/image/v2/p1"),
        ("image", "/image/v2/images/i/members/p1", "/image/v2/images/i/members/ours"),
        ("image", "/image/v2/images/i/members/%701", "/image/v2/images/i/members/ours"),
        ("image", "/image/v2/images/i/tags/p1", "/image/v2/images/i/tags/p1"),
        ("compute", "/compute/v2.1/os-quota-sets/p1/detail", "/compute/v2.1/os-quota-sets/ours/detail"),
        ("compute", "/compute/v2.1/os-simple-tenant-usage/p1", "/compute/v2.1/os-simple-tenant-usage/ours"),
        ("compute", "/compute/v2.1/p1/servers/p1", "/compute/v2.1/ours/servers/p1"),
        ("compute", "/compute/v2.1/servers/s/tags/p1", "/compute/v2.1/servers/s/tags/p1"),
        ("network", "/networking/v2.0/quotas/p1/details.json", "/networking/v2.0/quotas/ours/details.json"),
    ],
)
def test_paths(service: str, path: str, expected: str) -> None:
    assert own(service).path(path) == expected


@pytest.mark.parametrize(
    ("service", "query", "expected"),
    [
        ("network", "project_id=p1&tenant_id=p1&name=p1", "project_id=ours&tenant_id=ours&name=p1"),
        ("network", "project_id=p2&project%5Fid=%701&project_id", "project_id=p2&project%5Fid=ours&project_id"),
        ("image", "owner=p1&marker=a%2fb", "owner=ours&marker=a%2fb"),
        ("compute", "all_tenants=1&project_id=p1", "all_tenants=1&project_id=ours"),
        ("placement", "project_id=p1&user_id=p1", "project_id=ours&user_id=p1"),
        ("object-store", "prefix=p1", "prefix=p1"),
        ("network", "", ""),
        ("network", None, None),
    ],
)
def test_queries(service: str, query: str | None, expected: str | None) -> None:
    assert own(service).query(query) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Destination-Account", "AUTH_p1", "AUTH_ours"),
        ("X-Copy-From-Account", "AUTH%5Fp1", "AUTH_ours"),
        ("X-Container-Read", ".r:*,.rlistings", ".r:*,.rlistings"),
        ("X-Container-Read", "p1:*, p2:u,p1:u ,admin", "ours:*, p2:u,ours:u ,admin"),
        ("X-Container-Write", "p1", "ours"),
        ("X-Container-Meta-Owner", "p1", "p1"),
        ("X-Copy-From", "/c/p1", "/c/p1"),
    ],
)
def test_headers(name: str, value: str, expected: str) -> None:
    assert own("object-store").headers(((name, value), ("X-Other", "p1"))) == ((name, expected), ("X-Other", "p1"))


@pytest.mark.parametrize(
    ("service", "document", "expected"),
    [
        (
            "network",
            {"rbac_policy": {"target_tenant": "p1", "object_id": "p1"}},
            {"rbac_policy": {"target_tenant": "ours", "object_id": "p1"}},
        ),
        (
            "network",
            {"ports": [{"tenant_id": "p1"}, {"project_id": "p2"}]},
            {"ports": [{"tenant_id": "ours"}, {"project_id": "p2"}]},
        ),
        ("image", {"member": "p1"}, {"member": "ours"}),
        ("image", {"owner": "p1", "name": "p1"}, {"owner": "ours", "name": "p1"}),
        (
            "image",
            [{"op": "replace", "path": "/owner", "value": "p1"}, {"op": "add", "path": "/note", "value": "p1"}],
            [{"op": "replace", "path": "/owner", "value": "ours"}, {"op": "add", "path": "/note", "value": "p1"}],
        ),
        (
            "compute",
            {"server": {"name": "p1", "metadata": {"project_id": "p1"}}, "tenant_id": "p1"},
            {"server": {"name": "p1", "metadata": {"project_id": "p1"}}, "tenant_id": "ours"},
        ),
        ("block-storage", {"addProjectAccess": {"project": "p1"}}, {"addProjectAccess": {"project": "ours"}}),
    ],
)
def test_documents(service: str, document: Any, expected: Any) -> None:
    assert json.loads(own(service).body(json.dumps(document).encode())) == expected


@pytest.mark.parametrize(
    "content",
    [
        b'{ "port" : {"name": "p1",  "weight": 1.50} }',
        b'{"tenant_id": "p1"',
        b'{"tenant_id": "p1"}, "\xff"',
        b"[" * 100_000 + b'"p1"',
        b"",
    ],
)
def test_a_document_that_need_not_change_and_one_that_is_none_stay_as_they_are(content: bytes) -> None:
    assert own("network").body(content) is content


@pytest.mark.parametrize("before", ["AUTH_x%3Fy_", "AUTH_x%2Fprivate%3F_", "a%23_", "a%20_", "a%0D%0A_", "%25_"])
def test_an_escape_before_the_project_stays_one(before: str) -> None:
    """Else a path that was judged would end, or go on, at another place, and a header would hold a line break."""
    here = own("object-store")
    assert here.path(f"/swift/v1/{before}p1/public/o") == f"/swift/v1/{before}p1/public/o"
    assert here.headers((("x-container-read", f"{before}p1"),)) == (("x-container-read", f"{before}p1"),)


NAMES = st.text(st.sampled_from("p12_-.%AUTH/&=;,: "), max_size=12)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(endpoint.service for endpoint in ONE.endpoints if endpoint.service in PROJECT_FIELDS)), NAMES, NAMES
)
def test_longer_texts_that_contain_the_id_are_not_replaced(service: str, before: str, after: str) -> None:
    """However the id stands in a longer text: what changes is a whole segment, value or account, and turns into the id here."""
    endpoint = ONE.endpoint(service, "public")
    assert endpoint is not None
    here = own(service)
    path = f"{endpoint.frontend.prefix}/v3/{before}p1{after}/x"
    sent, got = path.split("/"), here.path(path).split("/")
    assert len(sent) == len(got)
    for one, other in zip(sent, got, strict=True):
        account = unquote(one).removesuffix("p1")
        assert one == other or (unquote(one) == f"{account}p1" and other == f"{account}ours" and account[-1:] in ("", "_"))
    query = f"project_id={before}p1{after}&owner={after}"
    for one, other in zip(query.split("&"), (here.query(query) or "").split("&"), strict=True):
        assert one == other or (unquote_plus(one.partition("=")[2]), other.partition("=")[2]) == ("p1", "ours")


def test_uploads_are_never_looked_into() -> None:
    assert not own("object-store").looks_into("PUT", JSON)
    assert not own("image").looks_into("PUT", "")
    assert not own("image").looks_into("POST", "application/octet-stream")
    assert own("image").looks_into("PATCH", "application/openstack-images-v2.1-json-patch")
    assert own("network").looks_into("POST", "")
    assert not own("network").looks_into("GET", JSON)


def test_the_table_has_official_types_and_lower_case_headers() -> None:
    for service, fields in PROJECT_FIELDS.items():
        assert official_service_type(service) == service
        assert all(name == name.lower() for name in fields.headers)
        assert all(path.startswith("/") and "{" in path for path in fields.paths)


def test_the_policys_page_shows_the_table() -> None:
    part = PAGE.partition("## The user's project in requests\n")[2].partition("\n#")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")][2:]
    assert rows == [
        [
            service,
            *map(
                _cell, (fields.paths, fields.query, fields.headers, (*fields.body, *(f"patch {path}" for path in fields.patches)))
            ),
        ]
        for service, fields in PROJECT_FIELDS.items()
    ]


def _cell(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"
