# SPDX-License-Identifier: Apache-2.0
"""The keys about workflows and collaborations in a description."""

import pytest

from openstackoid.mesh import (
    Memory,
    MeshError,
    parse_mesh,
)
from openstackoid.mesh.description import builtin_collaborations
from unit.mesh.samples import GOOD, TWO, gateway, rule


class TestWorkflows:
    """The keys about workflows and collaborations: what they mean, and what is said of a mistake."""

    def test_without_them(self) -> None:
        mesh = parse_mesh(GOOD)
        assert mesh.collaborations == builtin_collaborations()
        assert mesh.shared == ()
        assert (mesh.clouds["CloudOne"].force, mesh.clouds["CloudOne"].memory) == (False, Memory(100_000, 21_600))

    def test_with_them(self) -> None:
        text = rule(service="glance", requests="[POST /a/*, DELETE /a_b]", when="{a.b: x, c: [y, z]}", unless="{d: '*'}")
        mesh = parse_mesh(text.replace("clouds:\n", "shared: [{service: glance, clouds: [One, Two]}]\nclouds:\n", 1))
        own = mesh.collaborations[-1]
        assert mesh.collaborations[:-1] == builtin_collaborations()
        assert (own.name, own.service, own.partner, own.reason) == ("r", "image", "compute", "y")
        assert own.requests == (("POST", "/a/*"), ("DELETE", "/a_b"))
        assert (own.when, own.unless) == ((("a.b", ("x",)), ("c", ("y", "z"))), (("d", ("*",)),))
        assert [mesh.together("image", "One", other) for other in ("One", "Two", "Three")] == [True, True, False]
        assert not mesh.together("network", "One", "Two")
        assert [mesh.share_data_plane("One", other) for other in ("Two", "Three")] == [True, False]
        assert [mesh.sharing(cloud) for cloud in ("One", "Two", "Three")] == [["Two"], ["One"], []]
        cloud = parse_mesh(gateway("{force: true, memory: {workflows: 5, seconds: 1.5}}")).clouds["One"]
        assert (cloud.force, cloud.memory) == (True, Memory(5, 1.5))
        cloud = parse_mesh(gateway("{memory: {user: 2, peer: 3}}")).clouds["One"]
        assert (cloud.memory, cloud.memory.of_user, cloud.memory.of_peer) == (Memory(user=2, peer=3), 2, 3)

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            (
                f"mesh: 1\nshared: [{{service: image, clouds: [One, Three]}}]\n{TWO}",
                "f:2:41: shared.0.clouds.1: unknown cloud 'Three'; known: One, Two",
            ),
            (
                f"mesh: 1\nshared: [{{service: networks, clouds: [One, Two]}}]\n{TWO}",
                "f:2:20: shared.0.service: One has no service 'networks' to share",
            ),
            (
                f"mesh: 1\nshared: [{{service: image, clouds: [One]}}]\n{TWO}",
                "f:2:27: shared.0.clouds: two clouds or more are needed",
            ),
            (
                f"mesh: 1\nshared: [{{services: image, clouds: [One, Two]}}]\n{TWO}",
                "f:2:21: shared.0.services: unknown key; accepted: service, clouds",
            ),
            (rule(reason=""), "f:2:18: collaborations.0.reason: this key is missing"),
            (
                rule(because="y"),
                "f:2:103: collaborations.0.because: unknown key; accepted: name, service, partner, requests, reason, when,",
            ),
            (
                rule(requests="[GET /x]"),
                "f:2:73: collaborations.0.requests.0: 'GET /x': a writing method and a path are accepted,"
                " as in POST /servers/*/action",
            ),
            (rule(requests="[POST x]"), "f:2:73: collaborations.0.requests.0: 'POST x': a writing method"),
            (rule(requests="[POST /]"), "f:2:73: collaborations.0.requests.0: 'POST /': a writing method"),
            (rule(requests="[]"), "f:2:62: collaborations.0.requests: at least one entry is needed"),
            (
                rule(service="keystone"),
                "f:2:37: collaborations.0.service: requests to Keystone are judged by no rule",
            ),
            (
                rule(partner="netwrk"),
                "f:2:53: collaborations.0.partner: unknown service 'netwrk'; a service of OpenStack, or one",
            ),
            (rule(service="netwrk"), "f:2:37: collaborations.0.service: unknown service 'netwrk'"),
            (rule(requests="POST /x"), "f:2:72: collaborations.0.requests: a list is accepted"),
            (rule(service="Image"), "f:2:37: collaborations.0.service: 'Image' cannot be a service type"),
            (rule(when="{a: []}"), "f:2:101: collaborations.0.when.a: at least one entry is needed"),
            (
                gateway("{twins: ['http://10.0.1.11']}"),
                "f:4:15: clouds.One.gateway.twins: removed; the gateways of one cloud share a database, which 'store' names",
            ),
            (gateway("{store: {url: x}}"), "f:4:28: clouds.One.gateway.store.url: the URL of a database is accepted, as in"),
            (
                gateway("{store: {url: 'mysql://h/d'}}"),
                "f:4:28: clouds.One.gateway.store.url: the URL of a database is accepted,",
            ),
            (
                gateway("{store: {url: 'mysql://u:storeSecret7@h/d'}}"),
                "f:4:28: clouds.One.gateway.store.url: a URL without a password is accepted; 'password' names the",
            ),
            (
                gateway("{store: {url: 'mysql://u@h/d?password=x'}}"),
                "f:4:28: clouds.One.gateway.store.url: of options, those of TLS are accepted: ssl_ca, ssl_capath, ssl_cert,",
            ),
            (
                gateway("{store: {url: 'mysql://u@h/d?ssl_foo=1'}}"),
                "f:4:28: clouds.One.gateway.store.url: of options, those of TLS are accepted: ssl_ca, ssl_capath, ssl_cert,",
            ),
            (
                gateway("{store: {url: 'postgresql://u@h/d?ssl_ca=/ca.pem'}}"),
                "f:4:28: clouds.One.gateway.store.url: of options, those of TLS are accepted: sslrootcert, sslmode, sslcert,",
            ),
            (gateway("{store: {uri: x}}"), "f:4:28: clouds.One.gateway.store.uri: unknown key; accepted: url, password"),
            (gateway("{memory: {workflows: 0}}"), "f:4:35: clouds.One.gateway.memory.workflows: Input should be greater than"),
            (
                gateway("{memory: {user: 0}}"),
                "f:4:30: clouds.One.gateway.memory.user: Input should be greater than or equal to 1",
            ),
            (gateway("{memory: {seconds: 0}}"), "f:4:33: clouds.One.gateway.memory.seconds: Input should be greater than 0"),
            (
                gateway("{memory: {second: 1}}"),
                "f:4:32: clouds.One.gateway.memory.second: unknown key; accepted: workflows, seconds",
            ),
            (gateway("{force: perhaps}"), "f:4:22: clouds.One.gateway.force: true or false is accepted"),
            (
                gateway("{forced: true}"),
                "f:4:23: clouds.One.gateway.forced: unknown key; accepted: bind, timeouts, drain, memory, force",
            ),
        ],
    )
    def test_the_error_names_the_position_and_the_accepted_values(self, text: str, error: str) -> None:
        with pytest.raises(MeshError) as refused:
            parse_mesh(text, "f")
        assert str(refused.value).splitlines()[0].startswith(error)
