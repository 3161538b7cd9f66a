# SPDX-License-Identifier: Apache-2.0
"""Faults in a policy are reported with their position and the accepted values."""

import pytest

from openstackoid.mesh import MeshError, parse_mesh
from openstackoid.mesh.policy_schema import (
    BudgetSchema,
    ConditionSchema,
    DomainSchema,
    MappingRuleSchema,
    PeerSchema,
    PolicySchema,
    ProjectSchema,
    schema_at,
)

BEFORE = "mesh: 1\nclouds:\n  One:\n    services: {image: {frontend: http://h:1}, my-thing: {frontend: http://h:2}}\n    policy: "
AFTER = "\n  Two: {services: {image: {frontend: http://h:3}}}\n"
ACCEPTED = "a method (GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE or *) and a path below the service's root are accepted"
PROJECT = "keep, apart, or a project of this cloud by id, name and domain is accepted"
AN_ID = "not an id: letters, digits, '_', '.' and '-' are accepted, 64 at most"


def description(policy: str) -> str:
    return f"{BEFORE}{policy}{AFTER}"


def peer(yaml: str) -> str:
    return f"{{peers: {{Two: {yaml}}}}}"


def people(yaml: str) -> str:
    return peer(f"{{people: [{{name: a, {yaml}}}]}}")


@pytest.mark.parametrize(
    ("policy", "spot", "said"),
    [
        ("[]", "", "a mapping of keys to values is accepted"),
        ("{second: 5}", "second", "unknown key; accepted: seconds, token_cache_time, audit, peers, delegation"),
        ("{seconds: -1}", "seconds", "Input should be greater than or equal to 0"),
        ("{seconds: 3601}", "seconds", "Input should be less than or equal to 3600"),
        ("{peers: []}", "peers", "a mapping of keys to values is accepted"),
        ("{peers: {1: {}}}", "peers.1", "text is accepted"),
        (peer("{service: {}}"), "peers.Two.service", "unknown key; accepted: services, through, rate, budget, tokens, people"),
        (
            peer("{services: all}"),
            "peers.Two.services",
            'a mapping of services to requests is accepted; {"*": all} is every service',
        ),
        ("{delegation: [Two]}", "delegation", "a mapping of keys to values is accepted"),
        ("{delegation: {Two: {user: {}}}}", "delegation.Two.user", "unknown key; accepted: users, services, tokens, images"),
        (
            "{delegation: {Two: {tokens: log-in}}}",
            "delegation.Two.tokens.0",
            "Input should be 'login', 'exchange' or 'revocation'",
        ),
        (
            "{delegation: {Two: {users: {image: GET}}}}",
            "delegation.Two.users.image",
            "'all', or a list of requests as in [GET /v2/images/**], is accepted",
        ),
        (
            "{delegation: {Two: {images: perhaps}}}",
            "delegation.Two.images",
            "true or false is accepted",
        ),
        (peer("{services: [image]}"), "peers.Two.services", "a mapping of keys to values is accepted"),
        (
            peer("{services: {image: every}}"),
            "peers.Two.services.image",
            "'all', or a list of requests as in [GET /v2/images/**], is accepted",
        ),
        (
            peer("{services: {image: {a: b}}}"),
            "peers.Two.services.image",
            "'all', or a list of requests as in [GET /v2/images/**], is accepted",
        ),
        (
            peer("{services: {image: }}"),
            "peers.Two.services.image",
            "'all', or a list of requests as in [GET /v2/images/**], is accepted",
        ),
        (peer("{services: {image: [all]}}"), "peers.Two.services.image.0", "'all' is written alone, in place of the list"),
        (
            peer("{services: {image: [GET /v2/im*]}}"),
            "peers.Two.services.image.0",
            f"'GET /v2/im*': {ACCEPTED}, as in GET /v2/images/*; '*' is one whole segment, '/**' at the end any rest",
        ),
        (peer("{services: {image: [1]}}"), "peers.Two.services.image.0", "text is accepted"),
        (
            peer("{services: {keystone: all}}"),
            "peers.Two.services.keystone",
            "Keystone judges its own requests; any other service is accepted",
        ),
        (
            peer("{services: {volumev3: all, block-storage: all}}"),
            "peers.Two.services",
            "'volumev3' and 'block-storage' are the same service; name it once",
        ),
        (peer("{services: {1: all}}"), "peers.Two.services.1", "text is accepted"),
        (peer("{through: {a: b}}"), "peers.Two.through", "a list is accepted"),
        (peer("{rate: 0}"), "peers.Two.rate", "Input should be greater than 0"),
        (peer("{budget: 5}"), "peers.Two.budget", "a mapping of keys to values is accepted"),
        (peer("{budget: {requests: 1}}"), "peers.Two.budget.seconds", "this key is missing"),
        (
            peer("{budget: {requests: 0, seconds: 5}}"),
            "peers.Two.budget.requests",
            "Input should be greater than or equal to 1",
        ),
        (peer("{budget: {request: 1, seconds: 5}}"), "peers.Two.budget.request", "unknown key; accepted: requests, seconds"),
        (peer("{people: {}}"), "peers.Two.people", "a list is accepted"),
        (peer("{people: [a]}"), "peers.Two.people.0", "a mapping of keys to values is accepted"),
        (peer("{people: [{roles: [member]}]}"), "peers.Two.people.0.name", "this key is missing"),
        (peer("{people: [{name: a}]}"), "peers.Two.people.0.roles", "this key is missing"),
        (
            peer("{people: [{name: a/b, roles: [b]}]}"),
            "peers.Two.people.0.name",
            "'a/b': letters, digits, ' ', '.', '_' and '-' are accepted, 64 at most",
        ),
        (
            peer("{people: [{name: a, roles: [b]}, {name: a, roles: [c]}]}"),
            "peers.Two.people",
            "two entries have the name 'a'; audit lines tell them apart by it",
        ),
        (
            people("group: x"),
            "peers.Two.people.0.group",
            "unknown key; accepted: name, users, projects, roles, project, services",
        ),
        (people("roles: []"), "peers.Two.people.0.roles", "no role is granted; one at least is needed"),
        (people("roles: {member: []}"), "peers.Two.people.0.roles", "no role is granted; one at least is needed"),
        (people("roles: member"), "peers.Two.people.0.roles", "a mapping of keys to values is accepted"),
        (
            people("roles: [member, 1]"),
            "peers.Two.people.0.roles",
            "a list of names, or a mapping of their roles to ours, is accepted",
        ),
        (
            people("roles: ['*']"),
            "peers.Two.people.0.roles",
            "'*' is not accepted in the short form; {\"*\": reader} maps any other role",
        ),
        (
            people("roles: [member, Admin]"),
            "peers.Two.people.0.roles",
            "'Admin' is not granted by the short form; write {Admin: Admin} if you mean it",
        ),
        (
            people("roles: [service]"),
            "peers.Two.people.0.roles",
            "'service' is not granted by the short form; write {service: service} if you mean it",
        ),
        (
            people("roles: {member: '*'}"),
            "peers.Two.people.0.roles.member.0",
            "'*' is for roles of theirs; write the role of ours out",
        ),
        (
            people("roles: {member: 'a,b'}"),
            "peers.Two.people.0.roles.member.0",
            "'a,b': a role's name has no ',' and no space around it",
        ),
        (
            people("roles: {mem*: a}"),
            "peers.Two.people.0.roles.mem*",
            "'mem*': write the role out; '*' alone is any other role of theirs",
        ),
        (
            people("roles: {member: a, Member: b}"),
            "peers.Two.people.0.roles",
            "'member' is there twice: names of roles are compared without case",
        ),
        (people("roles: {5: member}"), "peers.Two.people.0.roles.5", "text is accepted"),
        (people("roles: [b], project: keeps"), "peers.Two.people.0.project", PROJECT),
        (people("roles: [b], project: [a]"), "peers.Two.people.0.project", PROJECT),
        (people("roles: [b], project: {id: a}"), "peers.Two.people.0.project.name", "this key is missing"),
        (
            people("roles: [b], project: {id: a/b, name: x, domain: {id: a, name: b}}"),
            "peers.Two.people.0.project.id",
            f"'a/b': {AN_ID}",
        ),
        (
            people("roles: [b], project: {id: a, nam: x, domain: {id: a, name: b}}"),
            "peers.Two.people.0.project.nam",
            "unknown key; accepted: id, name, domain",
        ),
        (
            people("roles: [b], project: {id: a, name: x, domain: {ids: a, name: b}}"),
            "peers.Two.people.0.project.domain.ids",
            "unknown key; accepted: id, name",
        ),
        (
            people("roles: [b], project: {id: a, name: x, domain: default}"),
            "peers.Two.people.0.project.domain",
            "a mapping of keys to values is accepted",
        ),
        (
            people("roles: [b], users: {domain: a}"),
            "peers.Two.people.0.users.domain",
            "unknown key; accepted: domains, names, ids",
        ),
        # An empty list would be no condition at all, to who emptied it, the contrary.
        (people("roles: [b], users: {domains: []}"), "peers.Two.people.0.users.domains", "at least one entry is needed"),
        (
            people("roles: [b], users: {domains: 'a*'}"),
            "peers.Two.people.0.users.domains.0",
            "'a*': domains are written out, by name or id; '*' is accepted in 'names'",
        ),
        (people("roles: [b], projects: {ids: ['*']}"), "peers.Two.people.0.projects.ids.0", f"'*': {AN_ID}"),
        (
            people("roles: [b], projects: {names: ['']}"),
            "peers.Two.people.0.projects.names.0",
            "'': not a name: printable characters are accepted, 255 at most",
        ),
    ],
)
def test_the_error_names_the_position_and_the_accepted_values(policy: str, spot: str, said: str) -> None:
    with pytest.raises(MeshError) as refused:
        parse_mesh(description(policy), "f")
    first, line, caret = str(refused.value).split("\n")
    place, _, message = first.partition(": ")
    assert message == f"clouds.One.policy{'.' * bool(spot)}{spot}: {said}"
    # The caret stands in the line of the policy, at or before the end of it.
    assert place.startswith("f:5:")
    assert line.strip() == f"policy: {policy}"
    assert int(place.rpartition(":")[2]) == caret.index("^") + 1 - 2 <= len(line)


def test_the_caret_stands_at_the_wrong_word() -> None:
    with pytest.raises(MeshError) as refused:
        parse_mesh(description(people("roles: {member: '*'}")), "f")
    _, line, caret = str(refused.value).split("\n")
    assert line[caret.index("^") :].startswith("'*'")


def test_every_place_of_a_policy_has_a_schema() -> None:
    person = ("peers", "Two", "people", 0)
    assert [schema_at(path) for path in ((), ("peers", "Two"), ("peers", "Two", "budget"), person)] == [
        PolicySchema,
        PeerSchema,
        BudgetSchema,
        MappingRuleSchema,
    ]
    assert [schema_at((*person, *below)) for below in (("users",), ("projects",), ("project",), ("project", "domain"))] == [
        ConditionSchema,
        ConditionSchema,
        ProjectSchema,
        DomainSchema,
    ]
