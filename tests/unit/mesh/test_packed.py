# SPDX-License-Identifier: Apache-2.0
from itertools import count

import pytest
import yaml

from conformance.clouds import description
from openstackoid.mesh import Address, FrontendUrl, parse_mesh
from openstackoid.mesh.clouds import Clouds
from openstackoid.mesh.packed import PackedCloud, PackedSettings, Packer, policy_of_settings, unpack, unpacked_settings
from openstackoid.mesh.schema import CloudSchema

HOSTS = """\
region: North
services:
  image: {frontend: {public: "https://A.x/i", internal: "http://b/i/v2"}, backend: ["http://c:1/p/", "http://B:2"]}
  volumev3: {frontend: "http://b:8776/v3/$(project_id)s", links: fixed, name: volumes}
"""


def packed(text: str, name: str = "One") -> PackedCloud:
    return Packer().pack(name, CloudSchema.model_validate(yaml.safe_load(text)))


def test_a_cloud_is_packed_as_its_hosts_and_a_layout_with_their_numbers() -> None:
    one = packed(HOSTS)
    assert (one.region, one.hosts) == ("North", ("a.x", "b", "c"))
    assert (one.layout.frontend_hosts, one.layout.hosts) == (2, 3)
    backends = (Address(2, 1, "/p"), Address(1, 2, ""))
    assert [(endpoint.service, endpoint.frontend, endpoint.backends) for endpoint in one.layout.endpoints] == [
        ("image", FrontendUrl(0, 443, "/i", "", "https"), backends),
        ("image", FrontendUrl(1, 80, "/i", "/v2"), backends),
        ("block-storage", FrontendUrl(1, 8776, "", "/v3/$(project_id)s"), ()),
    ]
    assert list(one.layout.sockets) == [(0, 443), (1, 80), (1, 8776)]


def test_a_cloud_is_made_of_it() -> None:
    cloud = unpack("One", packed(HOSTS))
    assert (cloud.name, cloud.region, cloud.bind) == ("One", "North", None)
    image, _, volume = cloud.endpoints
    assert (image.frontend, image.interfaces) == (FrontendUrl("a.x", 443, "/i", "", "https"), ("public",))
    assert image.backends == (Address("c", 1, "/p"), Address("b", 2, ""))
    assert (volume.name, volume.fixed_links, volume.cloud) == ("volumes", True, "One")


def test_clouds_that_differ_in_hosts_share_a_layout() -> None:
    packer = Packer()
    texts = [HOSTS, HOSTS.replace("A.x", "z").replace("North", "Two"), HOSTS.replace("8776", "8777")]
    one, two, three = (
        packer.pack(name, CloudSchema.model_validate(yaml.safe_load(text)))
        for name, text in zip(("One", "Two", "Three"), texts, strict=True)
    )
    assert one.layout is two.layout
    assert one.settings is two.settings is three.settings
    assert (two.region, one.layout == three.layout) == ("", False)
    again = packed(HOSTS)
    assert (again, hash(again.layout)) == (one, hash(one.layout))
    assert again.layout is not one.layout
    assert again.layout != "a layout"


OWN = """\
services: {image: {frontend: "http://h"}}
gateway:
  bind: '*'
  timeouts: {server: 600}
  memory: {seconds: 1}
  force: true
  store: {url: "mysql://one@10.0.0.9/one", password: /etc/password}
  readers: /etc/readers.yaml
  tls: {certificate: /c, authority: /a}
  limits: {exempt: [10.0.0.1], wait: 1}
policy:
  seconds: 5
  peers:
    Two:
      services: {glance: all, billing: [GET /x]}
      through: [Three, '*']
      budget: {requests: 5, seconds: 6}
      people:
        - {name: a, roles: [member], users: {domains: D, names: [x, 'y*']}, services: {"*": all, tariffs: GET /y}}
        - {name: b, roles: {'*': reader}, project: {id: p, name: P, domain: {id: d, name: D}}}
        - {name: c, roles: {admin: [member, reader]}, project: keep}
    '*': {rate: 2.5}
"""


def test_settings_are_said_again_as_they_were() -> None:
    settings = packed(OWN).settings
    assert (settings.clouds, settings.services) == (("Three", "Two"), ("billing", "tariffs"))
    assert policy_of_settings(settings) == CloudSchema.model_validate(yaml.safe_load(OWN)).policy
    again = {"services": {"image": {"frontend": "http://h"}}} | yaml.safe_load(settings.text)
    assert packed(yaml.safe_dump(again, sort_keys=False)).settings == settings
    cloud = unpack("One", packed(OWN))
    assert (cloud.bind, cloud.timeouts.server, cloud.timeouts.client, cloud.limits.exempt) == ("*", 600, 60, ("10.0.0.1/32",))
    assert cloud.policy.peers[0].people[1].project != cloud.policy.peers[0].people[0].project


def test_default_settings_are_not_stored() -> None:
    text = 'services: {image: {frontend: "http://h"}}\ngateway: {timeouts: {connect: 3}, force: false}\npolicy: {peers: {}}\n'
    assert packed(text).settings == PackedSettings()
    assert packed('services: {image: {frontend: "http://h"}}').settings == PackedSettings()


def test_settings_that_no_cloud_has_are_refused() -> None:
    for text in ("{", '{"gateway": {"bind": "a b"}}', '{"policy": 1}'):
        with pytest.raises(ValueError, match="OwnSettings"):
            unpacked_settings(text)


def test_a_mesh_makes_its_clouds_of_it() -> None:
    mesh = parse_mesh(description(count(10000)))
    assert isinstance(mesh.clouds, Clouds)
    for name, cloud in mesh.clouds.items():
        assert unpack(name, mesh.clouds.packed[name]) == cloud
