# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.mesh import FrontendUrl


@pytest.mark.parametrize(
    ("url", "host", "port", "prefix", "suffix"),
    [
        ("http://h", "h", 80, "", ""),
        ("http://H:9292/", "h", 9292, "", ""),
        ("http://h:80/image", "h", 80, "/image", ""),
        ("http://h/a/b/v2.1/", "h", 80, "/a/b", "/v2.1"),
        ("http://h/volume/v3/$(project_id)s", "h", 80, "/volume", "/v3/$(project_id)s"),
        ("http://h/%(tenant_id)s", "h", 80, "", "/%(tenant_id)s"),
        ("http://h/swift/v1/AUTH_$(tenant_id)s", "h", 80, "/swift", "/v1/AUTH_$(tenant_id)s"),
        ("http://[::1]:8080/image", "[::1]", 8080, "/image", ""),
        ("http://h/v1beta/image", "h", 80, "/v1beta/image", ""),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, prefix: str, suffix: str) -> None:
    assert FrontendUrl.parse(url) == FrontendUrl(host, port, prefix, suffix)


@pytest.mark.parametrize(("url", "port", "root"), [("https://H/a", 443, "https://h:443/a"), ("https://h:80", 80, "https://h:80")])
def test_https_has_its_own_port(url: str, port: int, root: str) -> None:
    parsed = FrontendUrl.parse(url)
    assert (parsed.scheme, parsed.port, parsed.root()) == ("https", port, root)
    assert (parsed.for_project(None) or "").startswith("https://h:")


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("ftp://h", "an http:// or https:// URL is accepted"),
        ("h:80", "an http:// or https:// URL is accepted"),
        ("http://", "a host name"),
        ("http://h:0", "a port from 1 to 65535"),
        ("http://h:65536", "a port from 1 to 65535"),
        ("http://h:80:90", "a port from 1 to 65535"),
        ("http://user:password@h", "without user, query and fragment"),
        ("http://h/?a=b", "without user, query and fragment"),
        ("http://h/a b", "a path of letters"),
        ("http://h//image", "a path of letters"),
        ("http://h/v2/a b", "a path of letters"),
        ('http://h/v2/"', "a path of letters"),
        ("http://h/v2/$(user_id)s", "a path of letters"),
        ("http://h_ö/", "a host name"),
        ("http://0.0.0.0/image", "a host name"),
        ("http://[::]:80", "a host name"),
    ],
)
def test_an_invalid_frontend_is_refused_with_the_accepted_form(url: str, accepted: str) -> None:
    with pytest.raises(ValueError, match="accepted") as refused:
        FrontendUrl.parse(url)
    assert accepted in str(refused.value)


def test_the_url_for_a_project() -> None:
    plain = FrontendUrl.parse("http://h/image/v2")
    assert (plain.for_project(None), plain.for_project("p")) == ("http://h:80/image/v2", "http://h:80/image/v2")
    for form in ("$(project_id)s", "%(project_id)s", "$(tenant_id)s", "%(tenant_id)s"):
        url = FrontendUrl.parse(f"http://h/v1/AUTH_{form}")
        assert (url.for_project(None), url.for_project("p")) == (None, "http://h:80/v1/AUTH_p")
        assert (url.root(), url.origin()) == ("http://h:80", "http://h:80")


@given(st.text(max_size=40))
def test_any_text_is_a_url_or_a_clear_refusal(text: str) -> None:
    try:
        url = FrontendUrl.parse("http://h/" + text)
    except ValueError:
        return
    assert FrontendUrl.parse(url.root() + url.suffix) == url
