# SPDX-License-Identifier: Apache-2.0
"""The table of cases: only collaborations that cannot work are refused, before they begin."""

import json
from typing import Any

from conformance.case import FRESH, Case, Refused, Sent, auth, force, plain, refused, request_id, sent

SERVERS = "/compute/v2.1/servers"
NETWORK, VOLUMES, PLACEMENT = '{"network":"CloudTwo"}', '{"block-storage":"CloudTwo"}', '{"placement":"CloudTwo"}'
PROJECT = "0123456789abcdef0123456789abcdef"
TOK = auth("tok")


def boot(**server: Any) -> str:
    return json.dumps({"server": {"name": "s", "networks": [{"uuid": "n"}], **server}})


def case(
    name: str,
    expect: Refused | Sent,
    path: str,
    scope: str,
    *headers: tuple[str, str],
    method: str = "POST",
    body: str | None = None,
    native: bool = False,
) -> Case:
    """A case of CloudOne's compute service, under a scope in the header."""
    return Case(name, expect, path, (TOK, plain(scope), *headers), method, native=native, body=body)


def goes(scope: str, path: str = SERVERS) -> Sent:
    """The request goes on, and is remembered."""
    completed = scope if '"*"' in scope else f'{{"*":"CloudOne",{scope[1:]}'
    return sent("CloudOne", path, auth(f"tok!SCOPE!{completed}"), request_id(FRESH))


NO_NETWORK = refused(
    409,
    "compute of CloudOne cannot work with network of CloudTwo (rule network-of-a-server): a server needs its ports",
    'use {"*":"CloudOne","compute":"CloudOne","network":"CloudOne"} or {"*":"CloudOne",'
    '"compute":"CloudTwo","network":"CloudTwo"}; the mesh description names clouds that share',
    "CloudOne does not allow to override it",
)
NO_VOLUME = refused(409, "block-storage of CloudTwo (rule volume-of-a-server)")
NO_BOOT_VOLUME = refused(409, "block-storage of CloudTwo (rule boot-from-volume)")
NO_PLACEMENT = refused(
    409,
    "placement of CloudTwo (rule placement-of-a-server)",
    # Placement follows compute, so it need not be said.
    'use {"*":"CloudOne","compute":"CloudOne"} or {"*":"CloudOne","compute":"CloudTwo"}',
)

NETWORKS = [
    case("ill: a boot with another cloud's network", NO_NETWORK, SERVERS, NETWORK, body=boot()),
    case("ill: a boot that leaves the network to Nova", NO_NETWORK, SERVERS, NETWORK, body='{"server": {"networks": "auto"}}'),
    case("ill: a boot without a body", NO_NETWORK, SERVERS, NETWORK),
    case("ill: a boot whose body is not JSON", NO_NETWORK, SERVERS, NETWORK, body="{"),
    case("ill: a boot whose body is no object", NO_NETWORK, SERVERS, NETWORK, body="[null]"),
    case("well: a boot without any network", goes(NETWORK), SERVERS, NETWORK, body=boot(networks="none")),
    case(
        "well: a network that the clouds share", goes('{"network":"Cloud-3.b"}'), SERVERS, '{"network":"Cloud-3.b"}', body=boot()
    ),
    case("ill: a port for a server", NO_NETWORK, f"{SERVERS}/s/os-interface", NETWORK, body="{}"),
    case("ill: a port from a server", NO_NETWORK, f"{SERVERS}/s/os-interface/p", NETWORK, method="DELETE"),
    case("ill: a server is deleted, and its ports would stay", NO_NETWORK, f"{SERVERS}/s", NETWORK, method="DELETE"),
    case("ill: a migration is given up", NO_NETWORK, f"{SERVERS}/s/migrations/m", NETWORK, method="DELETE"),
    case("ill: an action", NO_NETWORK, f"{SERVERS}/s/action", NETWORK, body='{"rebuild": {}}'),
    case("ill: Nova's other name for servers", NO_NETWORK, "/compute/v2.1/os-volumes_boot", NETWORK, body=boot()),
    case("well: a new name for a server", goes(NETWORK, f"{SERVERS}/s"), f"{SERVERS}/s", NETWORK, method="PUT", body="{}"),
    case("well: a tag", goes(NETWORK, f"{SERVERS}/s/tags/t"), f"{SERVERS}/s/tags/t", NETWORK, method="PUT"),
    *(
        case(f"ill: written as {path}", NO_NETWORK, path, NETWORK, body=boot())
        for path in (
            "/compute/v2.1//servers",
            "/compute//v2.1/servers",
            "/compute/v2.1/%73ervers",
            "/compute/v2.1/servers/",
            "/compute/servers",
            "/compute/v2.1%2Fservers",
            f"/compute/v2.1/{PROJECT}/servers",
            "/compute/v2.1/12345/servers",
            "/compute/v2.1/servers?x=/v2.1/flavors",
        )
    ),
    *(
        case(f"well: another path, {path}", goes(NETWORK, path), path, NETWORK, body="{}")
        for path in ("/compute/v2.1/serversx", "/compute/v2.1/x/servers", "/compute/v2.1/flavors", "/compute/v2.1/servers/s")
    ),
    Case(
        "what only looks is never refused",
        sent("CloudOne", f"{SERVERS}/s", auth('tok!SCOPE!{"*":"CloudOne","network":"CloudTwo"}')),
        f"{SERVERS}/s",
        (TOK, plain(NETWORK)),
    ),
    case(
        "ill: compute alone in another cloud",
        refused(409, "compute of CloudTwo cannot work with network of CloudOne"),
        SERVERS,
        '{"compute":"CloudTwo"}',
        body=boot(),
    ),
    case(
        "well: all of a server in another cloud",
        sent(
            "CloudTwo",
            "/v2.1/servers",
            auth('tok!SCOPE!{"*":"CloudTwo","identity":"CloudOne","image":"Cloud-3.b"}'),
            request_id(FRESH),
        ),
        SERVERS,
        '{"*":"CloudTwo","identity":"CloudOne","image":"Cloud-3.b"}',
        body=boot(),
    ),
    case(
        "ill: where one cloud has both services, that one is proposed",
        refused(409, "network of Cloud-3.b", 'use {"*":"Cloud-3.b","compute":"CloudTwo","network":"CloudTwo"};'),
        SERVERS,
        '{"*":"Cloud-3.b","compute":"CloudTwo"}',
        body=boot(),
    ),
]

FROM_VOLUMES: dict[str, dict[str, Any]] = {
    "of its own": {"block_device_mapping_v2": [{"source_type": "volume", "destination_type": "volume"}]},
    "made of an image": {"block_device_mapping_v2": [{"source_type": "image", "destination_type": "volume"}]},
    "of a snapshot": {"block_device_mapping_v2": [{"source_type": "snapshot"}]},
    "the second of two": {
        "block_device_mapping_v2": [{"source_type": "image", "destination_type": "local"}, {"source_type": "volume"}]
    },
    "in the old form": {"block_device_mapping": [{"volume_id": "v"}]},
}
FROM_NONE: dict[str, dict[str, Any]] = {
    "with nothing said": {},
    "from an image": {"block_device_mapping_v2": [{"source_type": "image", "destination_type": "local"}]},
    "with null": {"block_device_mapping": [{"volume_id": None}]},
    "with nonsense": {"block_device_mapping_v2": {"source_type": "volume"}},
}

DISKS = [
    *(
        case(f"ill: a boot from a volume, {name}", NO_BOOT_VOLUME, SERVERS, VOLUMES, body=boot(**server))
        for name, server in FROM_VOLUMES.items()
    ),
    *(
        case(f"well: a boot from no volume, {name}", goes(VOLUMES), SERVERS, VOLUMES, body=boot(**server))
        for name, server in FROM_NONE.items()
    ),
    *(
        case(f"ill: {method} of an attachment", NO_VOLUME, f"{SERVERS}/s/os-volume_attachments{tail}", VOLUMES, method=method)
        for method, tail in (("POST", ""), ("PUT", "/v"), ("DELETE", "/v"))
    ),
    case("well: a volume by itself", goes(VOLUMES, f"{SERVERS}/s"), f"{SERVERS}/s", VOLUMES, method="DELETE"),
    case("ill: placement elsewhere", NO_PLACEMENT, SERVERS, PLACEMENT, body=boot()),
    *(
        case(f"ill: placement elsewhere, {method} {path}", NO_PLACEMENT, f"/compute/v2.1{path}", PLACEMENT, method=method)
        for method, path in (
            ("DELETE", "/os-services/u"),
            ("POST", "/os-aggregates/1/action"),
            ("DELETE", "/servers/s/migrations/m"),
            ("POST", "/servers/s/migrations/m/action"),
        )
    ),
    case("ill: placement elsewhere, at a deletion", NO_PLACEMENT, f"{SERVERS}/s", PLACEMENT, method="DELETE"),
    case(
        "well: placement said where compute is",
        goes('{"placement":"CloudOne"}'),
        SERVERS,
        '{"placement":"CloudOne"}',
        body=boot(),
    ),
    case(
        "ill: no network is needed, but placement is elsewhere",
        refused(409, "rule placement-of-a-server"),
        SERVERS,
        '{"network":"CloudTwo","placement":"CloudTwo"}',
        body=boot(networks="none"),
    ),
]

OVERRIDDEN = '{"*":"CloudTwo","network":"CloudOne"}'


def at_two(name: str, expect: Refused | Sent, *headers: tuple[str, str]) -> Case:
    """CloudTwo's operator lets users override."""
    return Case(
        name, expect, "/v2.1/servers", (TOK, plain(OVERRIDDEN), *headers), "POST", "CloudTwo", "compute.public", False, boot()
    )


FORCED = [
    case("force: not allowed here", NO_NETWORK, SERVERS, NETWORK, force("true"), body=boot()),
    at_two("force: allowed, and not said", refused(409, "X-Scope-Force: true overrides it")),
    at_two(
        "force: allowed and said",
        sent("CloudTwo", "/v2.1/servers", auth(f"tok!SCOPE!{OVERRIDDEN}"), request_id(FRESH)),
        force("true"),
    ),
    *(
        case(
            f"force: '{value}'", refused(400, "X-Scope-Force", "'true' is accepted"), SERVERS, NETWORK, force(value), body=boot()
        )
        for value in ("yes", "True", "false", "1", "")
    ),
    case(
        "force: another value, where nothing is ill", refused(400, "X-Scope-Force"), SERVERS, '{"image":"CloudTwo"}', force("no")
    ),
    case(
        "force: twice", refused(400, "X-Scope-Force is sent 2 times"), SERVERS, NETWORK, force("true"), force("true"), body=boot()
    ),
    case(
        "force: where nothing is ill", goes('{"image":"CloudTwo"}'), SERVERS, '{"image":"CloudTwo"}', force("true"), body=boot()
    ),
    Case("force: without a scope", sent("CloudOne", SERVERS, TOK), SERVERS, (TOK, force("yes")), "POST", body=boot()),
]

OWN = [
    case(
        "ill: by a rule of the operators' own",
        refused(409, "my-billing of CloudOne cannot work with image of CloudTwo (rule billing-of-an-image): an account counts"),
        "/my/billing/accounts/a",
        '{"image":"CloudTwo"}',
        method="PUT",
    ),
    case(
        "well: what that rule is not about",
        goes('{"image":"CloudTwo"}', "/my/billing/accounts"),
        "/my/billing/accounts",
        '{"image":"CloudTwo"}',
    ),
]

COLLABORATIONS = [*NETWORKS, *DISKS, *FORCED, *OWN]
