# SPDX-License-Identifier: Apache-2.0
"""https for users, and between gateways proof on both sides: real HAProxies and bridges, and the certificates of `certs`."""

import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from conformance.case import unseen
from conformance.gateway import started
from conformance.secure import FALSE, INTERNAL, Secure, UnixRecorder, converse, secure_world
from openstackoid.binding import is_bound
from openstackoid.scope import split_token
from unit.gateway.running import free_port

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with secure_world(tmp_path_factory.mktemp("certificates"), "{'*': {users: {'*': all}}}") as secure:
        yield secure


def scope(**services: str) -> dict[str, str]:
    return {"X-Scope": json.dumps({"*": "CloudOne", **services}, separators=(",", ":"))}


def oddly(service: str, cloud: str) -> dict[str, str]:
    """A scope of which HAProxy has no route."""
    return {"X-Scope": unseen(f'{{"*": "CloudOne", "{service}": "{cloud}"}}')}


def reached(world: Secure) -> list[str]:
    return [seen.server for seen in world.recorder.seen]


def headers(world: Secure) -> dict[str, str]:
    (seen,) = world.recorder.seen
    return {key.lower(): value for key, value in seen.headers}


class TestUsers:
    def test_a_user_speaks_https(self, world: Secure) -> None:
        status, _, _ = world.ask("CloudOne", "GET", "/image/v2/images/i/file")
        assert (status, reached(world)) == (200, ["image of CloudOne"])

    def test_a_service_gets_x_forwarded_proto_https_from_the_gateway_alone(self, world: Secure) -> None:
        world.ask("CloudOne", "GET", "/image/v2/images/i/file", {"X-Forwarded-Proto": "gopher"})
        assert headers(world)["x-forwarded-proto"] == "https"

    def test_so_does_one_that_is_asked_by_the_bridge(self, world: Secure) -> None:
        world.ask("CloudOne", "GET", "/image/v2/images/i/file", {"X-Forwarded-Proto": "gopher", **oddly("image", "CloudOne")})
        assert headers(world)["x-forwarded-proto"] == "https"

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_both_versions_of_tls_are_spoken(self, world: Secure, version: ssl.TLSVersion) -> None:
        context = world.certificates.client()
        context.minimum_version = context.maximum_version = version
        assert world.ask("CloudOne", "GET", "/image/v2/images/i/file", context=context)[0] == 200

    def test_older_ones_are_not(self, world: Secure) -> None:
        context = world.certificates.client()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError):
            world.ask("CloudOne", "GET", "/image/v2/images/i/file", context=context)

    def test_plain_http_to_a_socket_of_https_gets_no_answer(self, world: Secure) -> None:
        world.recorder.seen.clear()
        with socket.create_connection(("127.0.0.1", world.gates["CloudOne"]), timeout=60) as plain:
            try:
                answer = converse(plain, "/image/v2/images/i/file", world.gates["CloudOne"])
            except ConnectionResetError:
                answer = ""
        assert "200" not in answer
        assert reached(world) == []


class TestAnInterfaceOfHttp:
    """One gateway may have both: https for users, http inside."""

    @pytest.mark.parametrize("how", [{}, oddly("image", "CloudOne")], ids=["HAProxy", "the bridge"])
    def test_a_service_is_not_told_of_https_that_there_is_not(self, world: Secure, how: dict[str, str]) -> None:
        status, _, _ = world.ask("CloudOne", "GET", "/image/v2/images/i/file", {"X-Forwarded-Proto": "https", **how}, plain=True)
        assert (status, reached(world)) == (200, ["image of CloudOne"])
        assert "x-forwarded-proto" not in headers(world)

    @pytest.mark.parametrize("how", [scope(image="CloudTwo"), oddly("image", "CloudTwo")], ids=["HAProxy", "the bridge"])
    def test_a_peer_is_asked_over_https_all_the_same(self, world: Secure, how: dict[str, str]) -> None:
        status, _, _ = world.ask("CloudOne", "GET", "/image/v2/images/i/file", how, plain=True)
        assert (status, reached(world)) == (200, ["image of CloudTwo"])
        assert headers(world)["x-forwarded-proto"] == "https"


class TestAddresses:
    """Users come through a proxy at 127.0.0.1, which is trusted. A peer's gateway, which is there, too, speaks for itself."""

    @pytest.mark.parametrize("how", [{}, oddly("image", "CloudOne")], ids=["HAProxy", "the bridge"])
    @pytest.mark.parametrize(("certificate", "source"), [(None, "192.0.2.7"), ("CloudTwo.pem", "127.0.0.1")])
    def test_what_a_peers_gateway_forwards_is_not_believed(
        self, world: Secure, certificate: str | None, source: str, how: dict[str, str]
    ) -> None:
        said, context = {"X-Forwarded-For": "192.0.2.7", **how}, world.certificates.client(certificate)
        assert world.ask("CloudOne", "GET", "/image/v2/images/i/file", said, context=context)[0] == 200
        assert headers(world)["x-forwarded-for"] == source


class TestBetweenGateways:
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_haproxy_asks_haproxy(self, world: Secure, method: str) -> None:
        status, _, _ = world.ask("CloudOne", method, "/image/v2/images/i/file", scope(image="CloudTwo"))
        assert (status, reached(world)) == (200, ["image of CloudTwo"])

    def test_the_bridge_asks(self, world: Secure) -> None:
        status, _, _ = world.ask("CloudOne", "GET", "/image/v2/images/i/file", oddly("image", "CloudTwo"))
        assert (status, reached(world)) == (200, ["image of CloudTwo"])

    def test_a_post_passes_both_bridges(self, world: Secure) -> None:
        sent = {**scope(network="CloudTwo"), "Content-Type": "application/json"}
        status, _, _ = world.ask("CloudOne", "POST", "/network/v2.0/networks", sent, b'{"network": {}}')
        assert (status, reached(world)) == (200, ["network of CloudTwo"])
        assert world.recorder.seen[0].body == '{"network": {}}'

    def test_the_wire_version_is_announced_to_a_gateway_that_has_proved_to_be_one(self, world: Secure) -> None:
        said = {"X-Openstackoid-Wire": "2"}
        for certificate, announced in ((None, False), ("CloudTwo.pem", True)):
            context = world.certificates.client(certificate)
            _, answered, _ = world.ask("CloudOne", "GET", "/image/v2/images/i/file", said, context=context)
            assert ("3" in [value for name, value in answered.items() if name.lower() == "x-openstackoid-wire"]) is announced
            assert "x-openstackoid-wire" not in headers(world)

    @pytest.mark.parametrize("ask", [scope(image="CloudTwo"), oddly("image", "CloudTwo")], ids=["HAProxy", "Python"])
    def test_two_gateways_come_to_the_newer_form(self, world: Secure, ask: dict[str, str]) -> None:
        """Both read both forms; a user does not see their announcements."""
        for _ in range(3):
            status, answered, _ = world.ask("CloudOne", "GET", "/image/v2/images/i/file", {"X-Auth-Token": "tok", **ask})
            assert (status, reached(world)) == (200, ["image of CloudTwo"])
            token, text = split_token(headers(world)["x-auth-token"])
            assert (is_bound(token), text) == (True, '{"*":"CloudOne","image":"CloudTwo"}')
            assert "x-openstackoid-wire" not in {name.lower() for name in answered}

    def test_a_token_is_validated_where_it_was_issued(self, world: Secure) -> None:
        about = {"X-Subject-Token": 'of-CloudTwo-theirs!SCOPE!{"*":"CloudTwo","image":"CloudOne"}', "X-Auth-Token": "ours"}
        status, _, document = world.ask("CloudOne", "GET", "/identity/v3/auth/tokens", about)
        assert (status, reached(world)) == (200, ["identity of CloudTwo"])
        assert headers(world)["x-subject-token"] == headers(world)["x-auth-token"] == "of-CloudTwo-theirs"
        ends = [end for entry in document["token"]["catalog"] for end in entry["endpoints"]]
        urls = [end["url"] for end in ends if end["interface"] == "public"]
        assert len(urls) == 4
        assert all(url.startswith(f"https://127.0.0.1:{world.gates['CloudOne']}/") for url in urls)

    def test_pages_of_peers_are_asked_for_over_tls(self, world: Secure) -> None:
        trace = "req-7472ace0-93a5-4a1c-8c5e-0d4bb7d7a5d1"
        world.ask("CloudOne", "GET", "/image/v2/images/i/file", {**oddly("image", "CloudTwo"), "X-OpenStack-Request-Id": trace})
        _, _, document = world.ask("CloudOne", "GET", f"/.openstackoid/trace/{trace}")
        assert {hop["gateway"] for hop in document["hops"]} >= {"CloudOne"}
        assert document["missing"] == [] or "no record" in document["missing"][0]["reason"]

    @pytest.mark.parametrize("cloud", FALSE)
    def test_haproxy_refuses_a_false_certificate(self, world: Secure, cloud: str) -> None:
        status, _, document = world.ask("CloudOne", "GET", "/image/v2/images/i/file", scope(image=cloud))
        assert (status, reached(world)) == (503, [])
        assert f"image of {cloud} at 127.0.0.1:" in document["error"]["message"]

    @pytest.mark.parametrize("cloud", FALSE)
    def test_the_bridge_refuses_a_false_certificate_and_gives_the_reason(self, world: Secure, cloud: str) -> None:
        status, _, document = world.ask("CloudOne", "GET", "/image/v2/images/i/file", oddly("image", cloud))
        assert (status, reached(world)) == (503, [])
        frontend = world.mesh.clouds[cloud].endpoints[0].frontend.root()
        what = FALSE[cloud].format(authority=world.certificates.authority)
        assert document["error"]["message"] == f"gateway of CloudOne: image of {cloud} at {frontend}: {what}"

    def test_a_gateway_finds_its_false_peers_down_and_the_others_up(self, world: Secure) -> None:
        _, _, document = world.ask("CloudOne", "GET", "/.openstackoid/mesh")
        health = {cloud["name"]: cloud["health"] for cloud in document["clouds"]}
        assert health == {"CloudOne": "up", "CloudTwo": "up", **dict.fromkeys(FALSE, "down")}


@pytest.mark.parametrize(
    ("certificate", "why"), [("other/CloudOne.pem", "unknown ca"), ("old/CloudOne.pem", "certificate expired")]
)
def test_a_gateway_that_is_refused_says_so(world: Secure, certificate: str, why: str) -> None:
    """A gateway of CloudOne whose own certificate is not good; its supervisor would not have begun with it."""
    port = free_port()
    text = world.text.replace(str(world.gates["CloudOne"]), str(port)).replace("/CloudOne.pem'", f"/{certificate}'")
    text = text.replace(INTERNAL.format(world.inside), "")
    with started(text, "CloudOne", with_bridge=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        status, _, document = world.ask("CloudOne", "GET", "/image/v2", oddly("image", "CloudTwo"), context=context, port=port)
        assert status == 503
        assert document["error"]["message"].endswith(f": it refuses this gateway's certificate: {why}")
        assert world.ask("CloudOne", "GET", "/image/v2", scope(image="CloudTwo"), context=context, port=port)[0] in (502, 503)
        assert reached(world) == []


@pytest.fixture(scope="module")
def told(world: Secure) -> Iterator[tuple[int, UnixRecorder]]:
    """Another gateway of CloudTwo, in which something that remembers stands in the Python service's place."""
    text = world.text.replace(str(world.gates["CloudTwo"]), str(free_port())).replace(INTERNAL.format(world.inside), "")
    port = int(text.partition("CloudTwo:\n")[2].partition("https://127.0.0.1:")[2].partition("/")[0])
    with started(text, "CloudTwo", with_bridge=False) as (runtime, _):
        bridge = UnixRecorder(runtime.bridge_socket)
        yield port, bridge
        bridge.close()


@dataclass
class Shown:
    """An answer, and the session of TLS that it came by."""

    answer: str
    session: ssl.SSLSession | None
    resumed: bool | None


def show(port: int, context: ssl.SSLContext, said: dict[str, str] | None = None, session: ssl.SSLSession | None = None) -> Shown:
    """Ask for a page, which only the Python service has."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        secured = context.wrap_socket(plain, server_hostname="127.0.0.1", session=session)
        with secured:
            answer = converse(secured, "/.openstackoid/mesh", port, **(said or {}))
            return Shown(answer, secured.session, secured.session_reused)


class TestWhoHasSentIt:
    @pytest.mark.parametrize(
        ("certificate", "sender"),
        [(None, None), ("CloudOne.pem", "CloudOne"), ("CloudTwo.pem", None)],
        ids=["a user", "a peer", "a gateway of the same cloud"],
    )
    def test_the_sender_is_the_cloud_in_the_certificate(
        self, world: Secure, told: tuple[int, UnixRecorder], certificate: str | None, sender: str | None
    ) -> None:
        port, bridge = told
        bridge.seen.clear()
        shown = show(port, world.certificates.client(certificate))
        assert shown.answer.startswith("HTTP/1.1 200")
        assert [seen.get("x-openstackoid-from") for seen in bridge.seen] == [sender]

    @pytest.mark.parametrize("certificate", [None, "CloudOne.pem"])
    def test_a_client_cannot_set_the_headers_of_the_sender(
        self, world: Secure, told: tuple[int, UnixRecorder], certificate: str | None
    ) -> None:
        port, bridge = told
        bridge.seen.clear()
        said = {"X_Openstackoid_From": "Stranger", "X_OpenStackoid_Use": "x", "X_Openstackoid_Listener": "h:1"}
        show(port, world.certificates.client(certificate), said)
        ours = {key: value for key, value in bridge.seen[0].items() if key.startswith("x-openstackoid-")}
        sender = {} if certificate is None else {"x-openstackoid-from": "CloudOne"}
        assert ours == {"x-openstackoid-listener": f"127.0.0.1:{port}", **sender}

    @pytest.mark.parametrize("said", [{}, {"Via": "1.1 CloudTwo (openstackoid)"}], ids=["nothing", "that it is one"])
    @pytest.mark.parametrize("cloud", ["CloudTwo", "Stranger"], ids=["back", "to a third cloud"])
    def test_a_request_from_a_gateway_goes_to_no_other_gateway(self, world: Secure, cloud: str, said: dict[str, str]) -> None:
        """Nor where HAProxy knows the route: a hostile gateway says nothing of itself, but has its certificate."""
        context = world.certificates.client("CloudTwo.pem")
        status, _, _ = world.ask("CloudOne", "GET", "/image/v2/images/i/file", {**scope(image=cloud), **said}, context=context)
        assert (status, reached(world)) == (508, [])

    @pytest.mark.parametrize("path", ["/image/v2/images/i/file", "/.openstackoid/mesh"])
    def test_a_certificate_that_names_no_cloud_is_refused(self, world: Secure, path: str) -> None:
        status, _, document = world.ask("CloudTwo", "GET", path, context=world.certificates.client("Nobody.pem"))
        assert (status, reached(world)) == (403, [])
        assert document["error"] == {
            "code": 403,
            "title": "Forbidden",
            "message": "gateway of CloudTwo: the certificate of the client names no cloud of the mesh",
        }

    @pytest.mark.parametrize("certificate", ["other/CloudOne.pem", "old/CloudOne.pem"], ids=["another authority", "expired"])
    def test_a_certificate_that_is_not_good_is_not_spoken_to(self, world: Secure, certificate: str) -> None:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            world.ask("CloudTwo", "GET", "/image/v2/images/i/file", context=world.certificates.client(certificate))
        assert reached(world) == []

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    @pytest.mark.parametrize(("certificate", "sender"), [("CloudOne.pem", "CloudOne"), (None, None)])
    def test_a_resumed_session_is_of_the_same_cloud(
        self,
        world: Secure,
        told: tuple[int, UnixRecorder],
        version: ssl.TLSVersion,
        certificate: str | None,
        sender: str | None,
    ) -> None:
        port, bridge = told
        bridge.seen.clear()
        context = world.certificates.client(certificate)
        context.minimum_version = context.maximum_version = version
        first = show(port, context)
        second = show(port, context, session=first.session)
        assert (first.resumed, second.resumed) == (False, True)
        assert [seen.get("x-openstackoid-from") for seen in bridge.seen] == [sender, sender]
