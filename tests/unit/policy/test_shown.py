# SPDX-License-Identifier: Apache-2.0
from openstackoid.policy import NOBODY, Budget, MappingRule, PeerPolicy, Policy, Roles, Services
from openstackoid.policy.shown import shown
from unit.policy.samples import MEMBERS, STAFF, services


def test_a_policy_without_entries() -> None:
    line = "CloudOne lets in no user of another cloud: its policy has no 'people' of a peer."
    assert list(shown(NOBODY, "CloudOne")) == [line]
    assert list(shown(Policy(peers=(PeerPolicy("CloudTwo"),)), "CloudOne")) == [line]


def test_a_policy_is_shown_with_users_services_and_roles() -> None:
    nova = MappingRule("nova", Roles((("service", ("service",)), ("admin", ()))), services=Services())
    images = services(image="GET /v2/images, GET /v2/images/**", compute="* /**", __="POST /a")
    policy = Policy(
        5.5,
        (
            PeerPolicy("CloudTwo", (STAFF, nova), through=("CloudThree", "*"), rate=0.5, budget=Budget(9, 60)),
            PeerPolicy(
                "*", (MEMBERS, MappingRule("all", Roles((("*", ("reader",)),)))), images, through=("CloudThree", "CloudSix")
            ),
            PeerPolicy("CloudFive", tokens=100),
        ),
    )
    assert "\n".join(shown(policy, "CloudOne")) == (
        """\
CloudOne lets in these users, and caches validations by their Keystone for 5.5 s:

users of CloudTwo: through their own cloud's gateway and that of any cloud; 0.5 requests a second; 9 requests in 60 s
  rule   users                                           mapped to                          requests
  staff  users.domains: Default                          admin: member, reader              image: all
         users.names: a*                                 any other role: reader             compute: GET /v2.1/servers
         projects.ids: de300000000000000000000000000000  project: guests (0a0a) of Default
  nova   everybody                                       service: service                   none: tokens are only validated
                                                         admin: dropped
                                                         project: apart

users of every cloud that is not named: through their own cloud's gateway and that of CloudThree and CloudSix
  rule     users      mapped to         requests
  members  everybody  member: member    image: GET /v2/images
                      project: apart           GET /v2/images/**
                                        compute: all
                                        every other service: POST /a
  all      everybody  any role: reader  image: GET /v2/images
                      project: apart           GET /v2/images/**
                                        compute: all
                                        every other service: POST /a

users of CloudFive: through their own cloud's gateway; 100 tokens at a time; none: there is no entry of 'people'"""
    )
