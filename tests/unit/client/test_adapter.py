# SPDX-License-Identifier: Apache-2.0
"""The header, request by request."""

import logging

import pytest
import requests
from requests.adapters import BaseAdapter

from openstackoid.client.adapter import ScopeAdapter, mount, mounted
from openstackoid.client.errors import ForeignHostError
from openstackoid.scope import Scope, parse

SCOPE = parse('{"image": "CloudTwo"}')


class Recorder(BaseAdapter):
    """An adapter that keeps its requests; the first one is redirected to another host."""

    def __init__(self) -> None:
        self.sent: list[tuple[str | None, str | None]] = []
        self.forced: list[str | None] = []
        self.strict: list[str | None] = []
        self.closed = False

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        self.sent.append((request.url, request.headers.get("X-Scope")))
        self.forced.append(request.headers.get("X-Scope-Force"))
        self.strict.append(request.headers.get("X-Scope-Strict"))
        response = requests.Response()
        response.request, response.url, response.status_code = request, request.url or "", 200
        if len(self.sent) == 1:
            response.status_code, response.headers["Location"] = 302, "http://stranger/x"
        return response

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def session() -> requests.Session:
    session = requests.Session()
    for prefix in ("http://", "https://", "https://special", "file://"):
        session.mount(prefix, Recorder())
    mount(session, SCOPE, {"http://cloud/x"})
    return session


def test_a_redirect_to_a_stranger_loses_the_header(session: requests.Session) -> None:
    session.get("http://cloud/x")
    wrapped = session.get_adapter("http://cloud").wrapped  # type: ignore[attr-defined]
    assert wrapped.sent == [("http://cloud/x", '{"image":"CloudTwo"}'), ("http://stranger/x", None)]


@pytest.mark.parametrize("name", ["X-Auth-Token", "x-service-token", "X-Subject-Token", "X-Storage-Token"])
@pytest.mark.parametrize("scope", [SCOPE, None], ids=["a scope", "none"])
def test_a_link_off_the_cloud_is_not_followed_with_a_token(session: requests.Session, name: str, scope: Scope | None) -> None:
    mount(session, scope, {"http://cloud/x"})
    with pytest.raises(ForeignHostError) as refused:
        session.get("http://cloud/x", headers={name: "secret"})
    assert str(refused.value) == "http://stranger/x is not an endpoint of the cloud, so the token is not sent there"
    assert len(session.get_adapter("http://cloud").wrapped.sent) == 1  # type: ignore[attr-defined]


def test_every_http_adapter_is_wrapped_and_no_other(session: requests.Session) -> None:
    wrapped = {prefix for prefix, adapter in session.adapters.items() if isinstance(adapter, ScopeAdapter)}
    assert wrapped == {"http://", "https://", "https://special"}


def test_force_goes_where_the_scope_goes(session: requests.Session) -> None:
    mount(session, SCOPE, {"http://cloud/x"}, force=True)
    session.get("http://cloud/x")
    assert session.get_adapter("http://cloud").wrapped.forced == ["true", None]  # type: ignore[attr-defined]


def test_a_stranger_is_not_told_that_the_scope_is_strict(session: requests.Session) -> None:
    mount(session, parse("image=CloudOne&CloudTwo"), {"http://cloud/x"}, strict=True)
    session.get("http://cloud/x")
    assert session.get_adapter("http://cloud").wrapped.strict == ["true", None]  # type: ignore[attr-defined]


def test_without_a_scope_no_header_is_sent(session: requests.Session) -> None:
    mount(session, None, {"http://cloud/x"})
    session.get("http://cloud/x")
    wrapped = session.get_adapter("http://cloud").wrapped  # type: ignore[attr-defined]
    assert wrapped.sent == [("http://cloud/x", None), ("http://stranger/x", None)]


def test_the_mounted_adapter_is_found(session: requests.Session) -> None:
    found = mounted(session)
    assert found is not None
    assert found.scope == SCOPE
    assert mounted(requests.Session()) is None


def test_mounting_again_replaces_the_scope(session: requests.Session) -> None:
    mount(session, parse('{"image": "CloudThree"}'), set())
    adapter = session.get_adapter("http://cloud")
    assert isinstance(adapter, ScopeAdapter)
    assert isinstance(adapter.wrapped, Recorder)
    assert "CloudThree" in repr(adapter)


def test_the_log_names_where_it_went_without_the_query(session: requests.Session, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "openstackoid.client")
    session.get("http://stranger/object?temp_url_sig=secret")
    assert "no X-Scope -> GET http://stranger/object" in caplog.text
    assert "secret" not in caplog.text


def test_closing_closes_the_wrapped_adapter(session: requests.Session) -> None:
    wrapped = session.get_adapter("http://cloud").wrapped  # type: ignore[attr-defined]
    session.close()
    assert wrapped.closed


class Refusing(BaseAdapter):
    """An adapter that answers everything with one status and body."""

    status, body = 503, b""

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        response = requests.Response()
        response.request, response.url, response.status_code = request, request.url or "", self.status
        response._content = self.body
        return response

    def close(self) -> None:
        """Have nothing to close."""


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (503, b'{"error": {"message": "CloudTwo\\u001b is down"}}', {}, "answers 503 to the scope {}: CloudTwo? is down"),
        (503, b'{"error": {"message": "down"}}', {"X-Auth-Token": "t"}, None),
        (404, b'{"error": {"message": "no such version"}}', {}, None),
        (503, b'{"error": "down"}', {}, None),
        (503, b'{"error": {"message": 3}}', {}, None),
        (503, b"<html>", {}, None),
        (200, b"{}", {}, None),
    ],
)
def test_a_failing_discovery_is_explained(
    session: requests.Session,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes,
    headers: dict[str, str],
    said: str | None,
) -> None:
    refusing = Refusing()
    refusing.status, refusing.body = status, body
    session.mount("http://", refusing)
    mount(session, SCOPE, {"http://cloud/x"})
    for _ in range(2):
        session.get("http://cloud/x", headers=headers)
        session.get("http://stranger/x")
    expected = [] if said is None else ["http://cloud/x " + said.format(SCOPE.to_header())]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == expected


def test_urls_are_logged_redacted(session: requests.Session, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="openstackoid.client"):
        session.get(f"http://me:hunter2@stranger/{'t' * 60}/x?token=hunter3#hunter4")
    assert caplog.messages[0] == "no X-Scope -> GET http://stranger/.../x, which is not an endpoint of the cloud"
