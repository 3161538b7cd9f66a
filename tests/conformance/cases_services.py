# SPDX-License-Identifier: Apache-2.0
"""The table of cases: any service of the catalog, by any of its names, under any interface."""

from conformance.case import FRESH, ORDINARY, TO_TWO, TWO_DONE, Case, auth, force, plain, refused, request_id, sent, subject


def scoped(entries: str) -> tuple[str, str]:
    """The token with a scope that CloudOne has completed."""
    return auth(f'tok!SCOPE!{{"*":"CloudOne",{entries}}}')


TOK = auth("tok")

PLACEMENT = [
    Case(
        "placement goes where compute goes",
        sent("CloudTwo", "/resource_providers", scoped('"compute":"CloudTwo"')),
        "/placement/resource_providers",
        (TOK, plain('{"compute":"CloudTwo"}')),
        rows=("P5",),
        native=False,
    ),
    Case(
        "placement goes where compute goes, not where every other service does",
        sent("CloudOne", "/placement/usages", auth('tok!SCOPE!{"*":"CloudTwo","compute":"CloudOne"}')),
        "/placement/usages",
        (TOK, plain('{"*":"CloudTwo","compute":"CloudOne"}')),
        rows=("P5",),
        native=False,
    ),
    Case(
        "placement goes where compute goes, by another name of it",
        sent("CloudTwo", "/usages", scoped('"compute":"CloudTwo"')),
        "/placement/usages",
        (TOK, plain('{"nova":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "placement with an entry of its own",
        sent("CloudOne", "/placement/usages", scoped('"compute":"CloudTwo","placement":"CloudOne"')),
        "/placement/usages",
        (TOK, plain('{"compute":"CloudTwo","placement":"CloudOne"}')),
        rows=("P6",),
    ),
    Case(
        "placement with every other service",
        sent("CloudTwo", "/usages", auth('tok!SCOPE!{"*":"CloudTwo"}')),
        "/placement/usages",
        (TOK, plain('{"*":"CloudTwo"}')),
        rows=("P7",),
        native=False,
    ),
    Case(
        "placement at home",
        sent("CloudOne", "/placement/usages", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/placement/usages",
        (TOK, plain(TO_TWO)),
        rows=("P7",),
    ),
    Case(
        "placement of a cloud that has none",
        refused(400, "Cloud-3.b has no service 'placement'"),
        "/placement/usages",
        (TOK, plain('{"*":"Cloud-3.b"}')),
        native=False,
        rows=("P9",),
    ),
]

ANY = [
    Case(
        "a service of the operators' own",
        sent("CloudTwo", "/accounts", scoped('"my-billing":"CloudTwo"')),
        "/my/billing/accounts",
        (TOK, plain('{"my-billing":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "a service of the operators' own, when it changes something",
        sent("CloudTwo", "/accounts", scoped('"my-billing":"CloudTwo"'), request_id(FRESH)),
        "/my/billing/accounts",
        (TOK, plain('{"my-billing":"CloudTwo"}')),
        "POST",
        native=False,
        body="{}",
    ),
    Case(
        "the versions of such a service",
        sent("CloudTwo", "/", scoped('"my-billing":"CloudTwo"')),
        "/my/billing",
        (TOK, plain('{"my-billing":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "a service of the operators' own that a cloud has not",
        refused(400, "Cloud-3.b has no service 'my-billing'; served by: CloudOne, CloudTwo"),
        "/my/billing/accounts",
        (TOK, plain('{"my-billing":"Cloud-3.b"}')),
        native=False,
        rows=("P8",),
    ),
    Case(
        "an alias in one catalog, the official type in the other",
        sent("CloudTwo", "/v2/shares", scoped('"shared-file-system":"CloudTwo"')),
        "/share/v2/shares",
        (TOK, plain('{"shared-file-system":"CloudTwo"}')),
        native=False,
    ),
    *(
        Case(
            f"the alias '{name}' in the scope",
            sent("CloudTwo", path, scoped(f'"{official}":"CloudTwo"')),
            asked,
            (TOK, plain(f'{{"{name}":"CloudTwo"}}')),
            native=False,
            rows=("P11",),
        )
        for name, official, asked, path in (
            ("sharev2", "shared-file-system", "/share/v2/shares", "/v2/shares"),
            ("manila", "shared-file-system", "/share/v2/shares", "/v2/shares"),
            ("volumev3", "block-storage", "/volume/v3/p/volumes", "/v3/p/volumes"),
            ("cinder", "block-storage", "/volume/v3/p/volumes", "/v3/p/volumes"),
            ("neutron", "network", "/networking/v2.0/networks", "/v2.0/networks"),
        )
    ),
    Case(
        "volumes, under another prefix",
        sent("CloudTwo", "/v3/p/volumes/detail?limit=1", scoped('"block-storage":"CloudTwo"')),
        "/volume/v3/p/volumes/detail?limit=1",
        (TOK, plain('{"block-storage":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "no version in the path",
        sent("CloudTwo", "/servers/detail", scoped('"compute":"CloudTwo"')),
        "/compute/servers/detail",
        (TOK, plain('{"compute":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "the admin interface of Keystone has its own socket",
        sent("CloudOne", "/identity/v3/users", TOK),
        "/v3/users",
        (TOK, plain(TO_TWO)),
        to="identity.admin",
    ),
    Case(
        "the admin interface abroad",
        sent("CloudTwo", "/v3/users/7", scoped('"identity":"CloudTwo"')),
        "/v3/users/7",
        (TOK, plain('{"identity":"CloudTwo"}')),
        to="identity.admin",
    ),
    Case(
        "a service validates at the admin interface",
        sent("CloudOne", "/identity/v3/auth/tokens", auth("svc"), subject("usr")),
        "/v3/auth/tokens",
        (auth("svc"), subject(f"usr!SCOPE!{TWO_DONE}")),
        to="identity.admin",
    ),
]

LARGE = [
    Case(
        f"{name} stays HAProxy's: {method} {path}",
        sent(cloud, there, scoped(f'"{name}":"{cloud}"'), request_id(ORDINARY)),
        path,
        (TOK, plain(f'{{"{name}":"{cloud}"}}'), request_id(ORDINARY), force("whatever")),
        method,
        body=None if method == "DELETE" else "bytes",
    )
    for name, cloud, method, path, there in (
        ("image", "CloudTwo", "PUT", "/image/v2/images/i/file", "/v2/images/i/file"),
        ("image", "CloudTwo", "DELETE", "/image/v2/images/i", "/v2/images/i"),
        ("object-store", "Cloud-3.b", "PUT", "/swift/v1/AUTH_p/c/o", "/os/swift/v1/AUTH_p/c/o"),
        ("object-store", "Cloud-3.b", "POST", "/swift/v1/AUTH_p/c", "/os/swift/v1/AUTH_p/c"),
        ("object-store", "Cloud-3.b", "DELETE", "/swift/v1/AUTH_p/c/o", "/os/swift/v1/AUTH_p/c/o"),
    )
]

SERVICES = [*PLACEMENT, *ANY, *LARGE]
