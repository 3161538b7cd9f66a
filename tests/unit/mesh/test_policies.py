# SPDX-License-Identifier: Apache-2.0
import pytest

from openstackoid.mesh import MeshError, parse_mesh
from openstackoid.policy import (
    EVERY_REQUEST,
    NOBODY,
    Budget,
    Condition,
    Delegation,
    Domain,
    DomainScoped,
    MappingRule,
    PeerPolicy,
    Policy,
    RequestPattern,
    Roles,
    Services,
)

MESH = """\
mesh: 1
clouds:
  One:
    services: {image: {frontend: http://h:1}, my-thing: {frontend: http://h:2}}
    policy: POLICY
  Two: {services: {image: {frontend: http://h:3}}}
  Three: {services: {image: {frontend: http://h:4}}}
"""
WHOLE = """
      seconds: 30
      token_cache_time: 900
      peers:
        Two:
          services: {volumev3: all, image: [GET /v2/images, "* /v2/images/*"], my-thing: GET /, "*": []}
          through: [Three]
          rate: 0.5
          budget: {requests: 10, seconds: 60}
          tokens: 7
          people:
            - name: staff
              users: {domains: Default, names: ["a*", bob], ids: [a11ce]}
              projects: {domains: [d1], names: demo, ids: [de30]}
              roles: {admin: [member, reader], creator: [], "*": reader}
              project: {id: 0a0a, name: guests, domain: {id: default, name: Default}}
              services: {}
            - {name: others, roles: [member, reader], project: keep}
            - {name: the rest, roles: {admin: admin, Service: Service}, project: apart}
            - {name: all, roles: [member]}
        "*": {through: "*"}
      delegation:
        Two:
          users: {image: all, identity: [GET /v3/projects]}
          services: {network: "* /v2.0/ports/**"}
          tokens: [login, exchange, revocation]
          images: false
        "*": {}
"""


def policy(text: str) -> Policy:
    return parse_mesh(MESH.replace("POLICY", text)).clouds["One"].policy


def test_a_cloud_without_a_policy_lets_no_foreign_user_in() -> None:
    clouds = parse_mesh(MESH.replace("    policy: POLICY\n", "")).clouds
    assert [cloud.policy for cloud in clouds.values()] == [NOBODY] * 3
    assert policy("{}") == NOBODY


def test_all_that_can_be_written() -> None:
    condition = Condition(("Default",), ("a*", "bob"), ("a11ce",))
    guests = DomainScoped("0a0a", "guests", Domain("default", "Default"))
    staff = MappingRule(
        "staff",
        Roles((("admin", ("member", "reader")), ("creator", ()), ("*", ("reader",)))),
        condition,
        Condition(("d1",), ("demo",), ("de30",)),
        guests,
        Services(),
    )
    others = MappingRule("others", Roles((("member", ("member",)), ("reader", ("reader",)))), project="keep")
    rest = MappingRule("the rest", Roles((("admin", ("admin",)), ("Service", ("Service",)))), project="apart")
    everybody = MappingRule("all", Roles((("member", ("member",)),)), project="apart")
    services = Services(
        (
            ("block-storage", (EVERY_REQUEST,)),
            ("image", (RequestPattern("GET", "/v2/images"), RequestPattern("*", "/v2/images/*"))),
            ("my-thing", (RequestPattern("GET", "/"),)),
            ("*", ()),
        )
    )
    assert policy(WHOLE) == Policy(
        30,
        (
            PeerPolicy("Two", (staff, others, rest, everybody), services, ("Three",), 0.5, Budget(10, 60), 7),
            PeerPolicy("*", through=("*",)),
        ),
        900,
        "reads",
        (
            Delegation(
                "Two",
                Services((("image", (EVERY_REQUEST,)), ("identity", (RequestPattern("GET", "/v3/projects"),)))),
                Services((("network", (RequestPattern("*", "/v2.0/ports/**"),)),)),
                ("login", "exchange", "revocation"),
                images=False,
            ),
            Delegation("*"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "spot", "said", "pointed"),
    [
        (
            "{peers: {One: {}}}",
            "peers.One",
            "users of One are at home here, and judged by its own Keystone; a policy is for: Three, Two",
            "One: {}",
        ),
        (
            "{peers: {Tow: {}}}",
            "peers.Tow",
            "unknown cloud 'Tow'; accepted: Three, Two, or '*' for each that is not named",
            "Tow: {}",
        ),
        (
            "{peers: {Two: {through: [Three, One]}}}",
            "peers.Two.through.1",
            "'One' is not the gateway of a peer; accepted: Three, Two, or '*' for any",
            "One]",
        ),
        (
            "{peers: {Two: {through: Ten}}}",
            "peers.Two.through.0",
            "'Ten' is not the gateway of a peer; accepted: Three, Two, or '*' for any",
            "Ten}",
        ),
        (
            "{peers: {Two: {services: {imag: all}}}}",
            "peers.Two.services.imag",
            "unknown service 'imag'; a service of OpenStack, or one of this mesh, is accepted",
            "all}",
        ),
        (
            "{delegation: {One: {}}}",
            "delegation.One",
            "'One' is not a peer; accepted: Three, Two, or '*' for each that is not named",
            "One: {}",
        ),
        (
            "{delegation: {Tow: {}}}",
            "delegation.Tow",
            "'Tow' is not a peer; accepted: Three, Two, or '*' for each that is not named",
            "Tow: {}",
        ),
        (
            "{delegation: {Two: {services: {imag: all}}}}",
            "delegation.Two.services.imag",
            "unknown service 'imag'; a service of OpenStack, or one of this mesh, is accepted",
            "all}",
        ),
        (
            "{peers: {'*': {people: [{name: a, roles: [b], services: {imag: all}}]}}}",
            "peers.*.people.0.services.imag",
            "unknown service 'imag'; a service of OpenStack, or one of this mesh, is accepted",
            "all}",
        ),
    ],
)
def test_an_unknown_name_is_an_error(text: str, spot: str, said: str, pointed: str) -> None:
    with pytest.raises(MeshError) as refused:
        policy(text)
    first, line, caret = str(refused.value).split("\n")
    assert first.partition(": ")[2] == f"clouds.One.policy.{spot}: {said}"
    assert line[caret.index("^") :].startswith(pointed)


def test_a_cloud_without_peers_can_name_no_peer() -> None:
    alone = "mesh: 1\nclouds: {One: {policy: {peers: {Two: {}}}, services: {image: {frontend: http://h}}}}"
    with pytest.raises(MeshError, match=r"unknown cloud 'Two'; accepted: none: the mesh has no peer, or '\*' for each"):
        parse_mesh(alone)
