# SPDX-License-Identifier: Apache-2.0
"""A peer reads images here in the name of a user of this cloud: HAProxy serves the bytes behind an image's document."""

from pathlib import Path

import pytest

from conformance.bound_tokens import COMPUTE_THERE, SERVICE, TOKEN
from conformance.downloads import BYTES, DOCUMENT, FILE, WITH_GUESTS, Cloud, changed, cloud, taught
from openstackoid.bridge.audit.admission_header import decode
from openstackoid.scope import join_token


def test_the_document_of_an_image_lets_haproxy_serve_the_bytes(here: Cloud) -> None:
    token = join_token(here.bound(TOKEN), COMPUTE_THERE)
    status, by_python, _ = here.ask(DOCUMENT, token)
    assert status == 200
    here.recorder.answers = BYTES
    with here.without_python():
        status, headers, content = here.ask(FILE, token)
    assert (status, headers["content-type"], bool(content)) == (200, "application/octet-stream", True)
    assert (here.seen.server, here.seen.path) == ("image of CloudOne", "/v2/images/1/file")
    assert here.seen.header("x-auth-token") == join_token(TOKEN, COMPUTE_THERE)
    told = [decode(each["x-openstackoid-use"]) for each in (by_python, headers)]
    assert told[0] == told[1]
    assert told[0] is not None
    assert (told[0].rule, told[0].user and told[0].user.name) == ("delegation of CloudTwo/images", "demo")


class TestWhoIsServed:
    """Where HAProxy does not serve a request alone, the Python service refuses it, and writes that down."""

    @pytest.mark.parametrize("certificate", ["Nobody.pem", None])
    def test_another_gateway_or_a_user_with_the_same_bound_token(self, here: Cloud, certificate: str | None) -> None:
        token = taught(here)
        assert here.alone(FILE, token, certificate) == 503
        assert here.ask(FILE, token, certificate)[0] == 401
        assert here.last() == (certificate and "Nobody", "refused", 401)

    def test_a_changed_byte(self, here: Cloud) -> None:
        token = taught(here)
        assert here.alone(FILE, changed(token)) == 503
        assert here.ask(FILE, changed(token))[0] == 401
        assert here.last() == ("CloudTwo", "refused", 401)

    def test_another_scope_beside_it(self, here: Cloud) -> None:
        bound = here.bound()
        assert here.ask(DOCUMENT, join_token(bound, COMPUTE_THERE))[0] == 200
        other = join_token(bound, '{"*":"CloudOne","compute":"CloudTwo","identity":"CloudOne"}')
        here.recorder.answers = BYTES
        assert here.alone(FILE, other) == 503
        assert here.ask(FILE, other)[0] == 401
        assert here.last() == ("CloudTwo", "refused", 401)

    def test_a_scope_in_another_header_or_none(self, here: Cloud) -> None:
        token = taught(here)
        assert here.alone(FILE, token, X_Scope=COMPUTE_THERE) == 503
        assert here.alone(FILE, token.partition("~")[0]) == 503
        assert here.alone(FILE, token.partition("~")[0], X_Scope=COMPUTE_THERE) == 503

    def test_the_token_of_a_service_beside_it_is_part_of_the_key(self, tmp_path: Path) -> None:
        with cloud(tmp_path, WITH_GUESTS) as here:
            token, service = join_token(here.bound(), COMPUTE_THERE), join_token(SERVICE, '{"*":"CloudTwo"}')
            assert here.ask(DOCUMENT, token, X_Service_Token=service)[0] == 200
            by_python = here.seen
            here.recorder.answers = BYTES
            assert here.alone(FILE, token, X_Service_Token=service) == 200
            assert here.seen.header("x-service-token") == by_python.header("x-service-token") == service
            assert here.alone(FILE, token) == 503
            assert here.alone(FILE, token, X_Service_Token=join_token(f"{SERVICE}x", '{"*":"CloudTwo"}')) == 503

    def test_another_users_token(self, here: Cloud) -> None:
        taught(here)
        assert here.alone(FILE, join_token(here.bound(), COMPUTE_THERE)) == 503

    def test_a_bound_scope_that_does_not_give_the_peer_servers(self, here: Cloud) -> None:
        scope = '{"*":"CloudOne","image":"CloudTwo"}'
        token = join_token(here.bound(scope=scope), scope)
        assert here.ask(DOCUMENT, token)[0] in (403, 508)
        assert here.alone(FILE, token) == 503


class TestWhatIsServed:
    @pytest.mark.parametrize("image", ["1", "2", "5a1e0f6f-4a0c-4c0c-9d3a-7d1b2c3d4e5f"])
    def test_the_bytes_of_any_image(self, here: Cloud, image: str) -> None:
        assert here.alone(f"/image/v2/images/{image}/file", taught(here)) == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/image/v2/images/1",
            "/image/v2/images",
            "/image/v2/images/1/members",
            "/image/v2/images/1/file/",
            "/image/v2/images/1/file?a=b",
            "/image/v2/images/1/file?_method=DELETE",
            "/image/v2/images/1/%66ile",
            "/image/v2/images/..%2f1/file",
            "/image/v2/images/../images/1/file",
            "/image/v2/images/1//file",
            "/image/v2/images/1;a/file",
            "/image/v1/images/1/file",
            "/image/v2/tasks/1/file",
            "/compute/v2/images/1/file",
        ],
    )
    def test_no_other_path(self, here: Cloud, path: str) -> None:
        assert here.alone(path, taught(here)) == 503

    @pytest.mark.parametrize("method", ["HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
    def test_no_other_method(self, here: Cloud, method: str) -> None:
        assert here.alone(FILE, taught(here), method=method) == 503

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Content_Type", "application/x-www-form-urlencoded"),
            ("X_HTTP_Method_Override", "DELETE"),
            ("Authorization", "Bearer x"),
            ("X_Subject_Token", "x"),
            ("X_Storage_Token", "x"),
        ],
    )
    def test_no_request_that_may_be_another(self, here: Cloud, name: str, value: str) -> None:
        assert here.alone(FILE, taught(here), **{name: value}) == 503

    def test_a_part_of_the_bytes(self, here: Cloud) -> None:
        token = taught(here)
        here.recorder.status = 206
        assert here.alone(FILE, token, Range="bytes=0-3") == 206
        assert here.seen.header("range") == "bytes=0-3"


class TestAnswers:
    """No answer shows the token, whatever the image service says."""

    @pytest.mark.parametrize(
        ("status", "told"), [(404, 404), (403, 403), (401, 401), (416, 416), (500, 500), (302, 502), (418, 502)]
    )
    def test_of_any_but_an_image_the_status_alone_passes(self, here: Cloud, status: int, told: int) -> None:
        token = taught(here)
        here.recorder.status = status
        here.recorder.answers = {**BYTES, "Location": "http://127.0.0.1:1/x", "X-Told": TOKEN}
        here.recorder.documents = {"said": TOKEN}
        try:
            with here.without_python():
                found, headers, content = here.ask(FILE, token)
        finally:
            here.recorder.documents = {}
        assert found == told
        assert content.startswith(b'{"error"')
        assert b"gateway of CloudOne: image of CloudOne has" in content
        assert TOKEN not in content.decode() + str(headers)
        assert "location" not in headers

    @pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream2"])
    def test_a_document_in_the_place_of_an_image_does_not_pass(self, here: Cloud, kind: str) -> None:
        token = taught(here)
        here.recorder.answers = {"Content-Type": kind}
        assert here.alone(FILE, token) == 502

    def test_headers_of_an_image_alone_pass(self, here: Cloud) -> None:
        token = taught(here)
        more = {
            "X-Subject-Token": TOKEN,
            "X-Told": TOKEN,
            "Set-Cookie": TOKEN,
            "Content-MD5": "abc",
            "X-OpenStack-Request-Id": "r",
        }
        here.recorder.answers = {**BYTES, **more}
        with here.without_python():
            headers = here.ask(FILE, token)[1]
        assert TOKEN not in str(headers)
        assert (headers["content-md5"], headers["x-openstack-request-id"]) == ("abc", "r")
