# SPDX-License-Identifier: Apache-2.0
"""Generated requests: mostly plausible ones, many with a fault."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from conformance.case import ORDINARY, Case, marked, refused, traced
from conformance.cases_tokens import encoded
from conformance.scopes import MESH, bare, damaged, mostly, once_in, texts, url_scopes
from openstackoid.mesh import Endpoint
from openstackoid.routing import IDENTITY
from openstackoid.routing.scoped_url import OBJECT_STORE
from openstackoid.routing.token_routes import TOKEN_ROUTES

BELOW = {
    "identity": [
        "",
        "/",
        "/v3",
        "/v3/",
        "/v3/users",
        "/v3/auth/tokens",
        "/v3/auth/tokens",
        "/v3/auth/catalog",
        "/scope",
        "/scope/",
    ],
    "compute": [
        "",
        "/v2.1",
        "/v2.1/servers",
        "/v2.1/servers",
        "/v2.1/servers/s",
        "/v2.1/servers/s/action",
        "/v2.1/servers/s/os-interface",
        "/v2.1/servers/s/os-volume_attachments/v",
        "/v2.1/0123456789abcdef0123456789abcdef/servers",
        "/v2.1/os-volumes_boot",
    ],
    "image": ["", "/", "/v2", "/v2/images", "/v2/images/i/file"],
    "network": ["", "/v2.0", "/v2.0/ports", "/v2.0/ports/p"],
    "my-billing": ["", "/accounts", "/accounts/a"],
}
ANYTHING = ["", "/", "/v3", "/v1/AUTH_p/c/o", "/v3/p/volumes", "/resource_providers?in_tree=x", "/a%2Fb//c"]


@st.composite
def newer_tokens(draw: st.DrawFn) -> str:
    """A token with a scope in base64url, seldom damaged, or quoted by a client."""
    token, text = draw(bare), draw(texts)
    value = f"{token}~{draw(damaged(encoded(text), '=~!%+/-_x'))}"
    return quote(value, safe="=+/") if draw(once_in(16)) else value


older_tokens = st.builds("{}!SCOPE!{}".format, bare, texts)
quoted_tokens = older_tokens.map(quote)
tokens = st.one_of(bare, older_tokens, newer_tokens(), once_in(8).flatmap(lambda odd: quoted_tokens if odd else bare))
ids = st.sampled_from(
    [
        *map(marked, range(100, 104)),
        *map(traced, range(100, 102)),
        ORDINARY,
        "",
        "req-5c09ed",
        f"{marked(100)}x",
        marked(100).upper(),
    ]
)
HEADERS = {
    "X-Auth-Token": tokens,
    "X-Scope": texts,
    "x-subject-token": tokens,
    "X-Service-Token": tokens,
    "x-openstack-request-ID": ids,
    "Via": mostly(["1.1 CloudTwo (openstackoid)"], ["1.0 fred, 1.1 CloudOne (openstackoid)", "1.1 fred", "(openstackoid)"], 4),
    "X-Scope-Force": mostly(["true"], ["True", "no", ""], 4),
}
other_headers = st.lists(st.sampled_from([name for name in HEADERS if name != "X-Auth-Token"]), max_size=2, unique=True)


@st.composite
def headers(draw: st.DrawFn, service: str) -> tuple[tuple[str, str], ...]:
    """A user's token mostly, a scope somewhere, a few others, and seldom one of them twice."""
    anonymous = draw(once_in(6))
    names = [] if anonymous else ["X-Auth-Token"]
    names += draw(other_headers)
    if service == "identity" and "x-subject-token" not in names and draw(st.booleans()):
        names.append("x-subject-token")
    if draw(once_in(30)) and names:
        names.append(draw(st.sampled_from(names)))
    return tuple((name, draw(HEADERS[name])) for name in names)


@st.composite
def paths(draw: st.DrawFn, prefix: str, service: str) -> str:
    """A path of the service, mostly; seldom one that is spelt in another way."""
    below = draw(st.sampled_from(BELOW.get(service, ANYTHING)))
    if draw(once_in(3 if service == "identity" else 12)):
        below = f"/scope/{draw(url_scopes())}{below}"
    path = prefix + below
    if path and draw(once_in(8)):
        at = draw(st.integers(0, len(path) - 1))
        instead = st.sampled_from(
            [
                "/",
                "//",
                "/./",
                "/../",
                "/..;",
                "%2e%2e",
                "%2F..",
                "\\",
                "%5c",
                "%00",
                "%0a",
                "%",
                ";",
                f"%{ord(path[at]):02x}",
                path[at].upper(),
                "x",
                f"{path[at]}/",
                f"{path[at]}?x=y",
            ]
        )
        path = path[:at] + draw(instead) + path[at + 1 :]
    return path if path.startswith("/") else f"/{path}"


@st.composite
def spelt(draw: st.DrawFn, endpoint: Endpoint, scope: str, below: str) -> str:
    """A path with a scope in it, as a server might read it: what is doubled, encoded, in capitals, or stands elsewhere."""
    at_root = endpoint.service == OBJECT_STORE or draw(once_in(3)) or not below.strip("/")
    marked = f"/scope/{scope}{below}" if at_root else f"{below}/scope/{scope}"
    path = list(endpoint.frontend.prefix + marked)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(len(endpoint.frontend.prefix), len(path) - 1))
        letter = path[at]
        code = f"%{ord(letter):02x}" if len(letter) == 1 else letter
        changes = [code, code.upper(), letter.upper(), letter.lower()]
        if letter == "/":
            changes = ["//", "///", "%2F", "%2f/", "/./", "/%2e/", "/x/../", "/;/", "\\", ";/", ";x=y/"]
        path[at] = draw(st.sampled_from(changes))
    written = "".join(path) + draw(st.sampled_from(["", "", "/", "//", ";", "%2F", "?x=/scope/"]))
    return written if written.startswith("/") else f"/{written}"


@st.composite
def scoped_requests(draw: st.DrawFn) -> Case:
    """A request at a URL with a scope in it, in any spelling, to a service of CloudOne or of CloudTwo."""
    endpoint = draw(st.sampled_from(ENDPOINTS))
    having = [name for name, offered in MESH.offers.items() if endpoint.service in offered and name != endpoint.cloud]
    service = draw(st.sampled_from([endpoint.service, "*"]))
    scope = f"{service}={draw(st.sampled_from(having or ['CloudTwo']))}"
    more = _TOKEN_PATHS if endpoint.service == IDENTITY else []
    below = draw(st.sampled_from([*BELOW.get(endpoint.service, ANYTHING), *more]))
    path = draw(spelt(endpoint, scope, below.partition("?")[0]))
    method = draw(st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]))
    sent = draw(st.sampled_from([(), (("X-Auth-Token", "tok"),), (("Authorization", "OAuth x=y"),)]))
    return Case("generated", refused(0), path, sent, method, endpoint.cloud, endpoint.key)


def boots() -> st.SearchStrategy[Any]:
    """Bodies of servers: on networks or none, from volumes or not, and what is no such body."""
    networks = st.sampled_from([[{"uuid": "n"}], "none", "auto", [], None, ["none"]])
    disk = st.fixed_dictionaries(
        {},
        optional={
            "source_type": st.sampled_from(["image", "volume", 1]),
            "destination_type": st.sampled_from(["local", "volume"]),
        },
    )
    server = st.fixed_dictionaries(
        {"networks": networks},
        optional={"block_device_mapping_v2": st.lists(disk, max_size=2), "block_device_mapping": st.just([{"volume_id": "v"}])},
    )
    return st.one_of(
        st.builds(lambda value: {"server": value}, server), st.sampled_from([{}, [], None, {"server": None}, "server"])
    )


@st.composite
def bodies(draw: st.DrawFn, service: str) -> str | None:
    if draw(once_in(4)):
        return None
    if service == "identity":
        document: Any = {"auth": {"identity": {"token": {"id": draw(tokens)}}}}
    else:
        document = draw(boots())
    text = json.dumps(document, ensure_ascii=draw(st.booleans()))
    return draw(damaged(text, '{}",[x'))


_TOKEN_PATHS = [route.path.replace("*", "x") for route in TOKEN_ROUTES]
ENDPOINTS = [endpoint for name in ("CloudOne", "CloudTwo") for endpoint in MESH.clouds[name].endpoints]
# What more is decided about gets more of the requests.
LIKELY = [
    *ENDPOINTS,
    *(
        endpoint
        for endpoint in ENDPOINTS
        if endpoint.service in ("identity", "compute", "network", "placement")
        for _ in range(2)
    ),
]


@st.composite
def requests(draw: st.DrawFn) -> Case:
    """A request to the gateway of CloudOne or of CloudTwo."""
    endpoint = draw(st.sampled_from(LIKELY))
    other = draw(st.sampled_from(ENDPOINTS)) if draw(once_in(16)) else endpoint
    method = draw(st.sampled_from(["GET", "GET", "GET", "POST", "POST", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]))
    path = draw(paths(other.frontend.prefix, endpoint.service))
    sent = draw(headers(endpoint.service))
    if endpoint.service == "compute" and draw(once_in(3)):
        method, path = "POST", f"{endpoint.frontend.prefix}/v2.1/servers"
        sent = (
            ("X-Auth-Token", "tok"),
            *((name, value) for name, value in sent if name != "X-Auth-Token"),
            ("X-Scope", draw(texts)),
        )
    body = draw(bodies(endpoint.service)) if method in ("POST", "PUT", "PATCH") else None
    return Case("generated", refused(0), path, sent, method, endpoint.cloud, endpoint.key, body=body)
