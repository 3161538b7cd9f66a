# SPDX-License-Identifier: Apache-2.0
"""Real requests as bytes, and how to make them hostile: framing, headers, paths, chunks, and writes that are split."""

from base64 import urlsafe_b64encode

from hypothesis import strategies as st

from conformance.scopes import likely, once_in
from fuzz.heads import SECRET
from fuzz.mutations import mutated_bytes

Pieces = tuple[tuple[bytes, int], ...]
"""The written pieces, and the milliseconds of the pause after each."""

_TO_TWO = b'{"image":"CloudTwo"}'
_BOOT = b'{"server":{"name":"s","networks":"none"}}'
_LOGIN = b'{"auth":{"identity":{"methods":["token"],"token":{"id":"' + SECRET.encode() + b'"}}}}'
_TARGETS = [
    b"/image/v2/images", b"/image", b"/compute/v2.1/servers", b"/networking/v2.0/ports", b"/identity/v3/auth/tokens",
    b"/identity/v3/users", b"/identity/v3/auth/catalog", b"/identity", b"/identity/scope/image=CloudTwo/v3",
    b"/identity/scope/identity=CloudTwo/v3/auth/tokens", b"/volume/v3/p1/volumes?limit=1", b"/swift/v1/AUTH_p1/c/o",
    b"/my/billing/accounts", b"/.openstackoid/mesh", b"/.openstackoid/trace/req-7472ace0-0000-4000-8000-000000000000", b"/",
    b"/imagefoo",
]  # fmt: skip
_ODD_TARGETS = [
    b"*", b"//image/v2", b"/image/../compute/v2.1/servers", b"/image/%2e%2e/compute", b"/image%2fv2",
    b"/image;x=/../compute", b"/./image/v2", b"http://gate/image/v2/images", b"http://gate:1@x/image", b"gate:80",
    b"/image/v2#x", b"/image/\\..\\compute", b"/image/v2/%00", b"/image?x=y?z", b"/identity/v3//auth/tokens",
    b"/identity/v3/auth/%74okens", b"/identity/v3/./auth/tokens/", b"/IMAGE/v2", b"/image/" + b"a" * 3000,
    b"/identity/scope/" + b"image=CloudTwo," * 300 + b"/v3", b"image/v2", b"/image /v2", b"/image/v2 HTTP/1.1 x",
    b"/image/\xc3\xa9",
]  # fmt: skip
_METHODS = [b"GET", b"GET", b"POST", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH"]
_ODD_METHODS = [b"CONNECT", b"TRACE", b"get", b"BREW", b"PRI", b"G\x00T", b"GET\t", b"M-SEARCH", b"A" * 300]
_VERSIONS = [b"HTTP/1.0", b"HTTP/1.1 ", b"HTTP/2.0", b"HTTP/1.2", b"http/1.1", b"HTTP/01.1", b""]
_FRAMINGS = [
    [b"Content-Length: %d"], [b"Content-Length: %d"], [b"Transfer-Encoding: chunked"], [b"Transfer-Encoding: chunked"],
    [b"Content-Length: %d", b"Transfer-Encoding: chunked"], [b"Transfer-Encoding: chunked", b"Content-Length: 4"],
    [b"Content-Length: 0"], [b"Content-Length: %d", b"Content-Length: %d"], [b"Content-Length: %d", b"Content-Length: 5"],
    [b"Content-Length: %d, %d"], [b"Content-Length: +%d"], [b"Content-Length: 0%d"], [b"Content-Length:\t%d "],
    [b"Content-Length: -1"], [b"Content-Length: 0x5"], [b"Content-Length: %d;"], [b"Content-Length: 99999999999999999999"],
    [b"Content-Length : %d"], [b"Content_Length: %d"], [b"Content-Length: "], [b"Transfer-Encoding: Chunked"],
    [b"Transfer-Encoding: xchunked"], [b"Transfer-Encoding: chunked, identity"], [b"Transfer-Encoding: identity, chunked"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"], [b"Transfer-Encoding:\x0bchunked"],
    [b"Transfer-Encoding: chunked\x0b"], [b"Transfer-Encoding : chunked"], [b"Transfer_Encoding: chunked"],
    [b"Transfer-Encoding:\r\n chunked"], [b"X: y\rTransfer-Encoding: chunked"], [b"X: y\nTransfer-Encoding: chunked"],
    [b" Transfer-Encoding: chunked"], [b"Transfer-Encoding: \"chunked\""], [b"Transfer-Encoding: chunked;q=1"], [],
]  # fmt: skip
_HEADERS = [
    b"X-Service-Token: svc", b"X-OpenStack-Request-Id: req-7472ace0-0000-4000-8000-000000000001", b"X-Scope-Force: true",
    b"X-OpenStack-Request-Id: req-5c09ed01-0000-4000-8000-000000000001", b"X-Openstackoid-Listener: 127.0.0.1:1",
    b"X-Openstackoid-From: CloudTwo", b"X-Openstackoid-Use: e30", b"X-Forwarded-Prefix: /evil", b"X-Forwarded-For: 10.0.0.1",
    b"Host: other", b"Host: ", b"Host: a, b", b"Expect: 100-continue", b"Expect: x", b"Upgrade: websocket", b"Upgrade: h2c",
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", b"Connection: close", b"Connection: keep-alive, X-Auth-Token, X-Scope",
    b"Connection: Transfer-Encoding", b"Connection: Upgrade", b"TE: trailers", b"Trailer: X-Scope",
    b"X_Auth_Token: t!SCOPE!{\"network\":\"CloudTwo\"}", b"x-auth_token: t!SCOPE!{}",
    b"X_Auth-Token: t~eyJuZXR3b3JrIjoiQ2xvdWRUd28ifQ", b"X-Service-Token: t~e30",
    b"Authorization: Bearer t~eyJ", b"X-Openstackoid-Wire: 2", b"X_Scope: {\"image\":\"CloudTwo\"}",
    b"X-Auth-Token: again", b"X-Scope: {\"image\":\"CloudOne\"}", b"X-Scope: {\"image\":\r\n \"CloudTwo\"}",
    b"X-Scope: " + b"[" * 1500, b"X-Scope: {\"image\":\"\xe9\"}", b"X-Big: " + b"b" * 9000, b"Cookie: a=b; c",
    b"Range: bytes=0-1", b": empty", b"novalue", b"X-Nul: \x00", b"X-Bell: \x07", b"X-Latin: \xff\xfe",
    b"Proxy-Connection: keep-alive", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Accept-Encoding: gzip",
    b"X-HTTP-Method-Override: DELETE", b"X-Original-URL: /compute", b"X-Rewrite-URL: /compute", b"Via: 1.1 gate",
    b"Max-Forwards: 0", b"Keep-Alive: timeout=5",
]  # fmt: skip
_BYTES = [
    *(bytes([number]) for number in b"\r\n\x00 \t:;,{}\"!/%.\\\x0b\x0c\x7f\x80\xff0"), b"\r\n", b"\r\n\r\n", b"\n\n",
    b"\r\n ", b"0\r\n\r\n", b"HTTP/1.1", b"GET /compute/v2.1/servers HTTP/1.1\r\nHost: x\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"!SCOPE!", b"~", b"~ey",
    b"X-Scope: {\"image\":\"CloudTwo\"}\r\n",
    b"chunked",
]  # fmt: skip
_SMUGGLED = b"GET /compute/v2.1/servers HTTP/1.1\r\nHost: gate\r\nX-Smuggled: 1\r\n\r\n"


def _chunked(body: bytes, sizes: list[int]) -> bytes:
    out, at = b"", 0
    for size in [*sizes, len(body)]:
        piece, at = body[at : at + size], min(len(body), at + size)
        out += b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
    return out + b"0\r\n\r\n"


_CHUNK_PIECES = [
    b"\r\n", b"\n", b"\r", b";x=y", b";", b" ", b"\t", b"0", b"0x", b"-", b"+", b"ffffffffffffffff", b"8000000000000000",
    b"g", b"_", b"\x00", b"X-Scope: {\"image\":\"CloudTwo\"}\r\n", b"X-Auth-Token: t\r\n", b"Content-Length: 9\r\n",
    _SMUGGLED,
]  # fmt: skip


@st.composite
def _request(draw: st.DrawFn) -> bytes:
    """One request: mostly as a client would send it, seldom odd in one part or another."""
    target = draw(st.sampled_from(_ODD_TARGETS if draw(once_in(6)) else _TARGETS))
    method = draw(st.sampled_from(_ODD_METHODS if draw(once_in(16)) else _METHODS))
    version = draw(st.sampled_from(_VERSIONS)) if draw(once_in(16)) else b"HTTP/1.1"
    lines = [method + b" " + target + b" " + version, b"Host: gate:80"]
    if draw(once_in(20)):
        lines.pop()
    scope = draw(likely).encode()
    match draw(st.sampled_from(["none", "plain", "token", "token", "odd", "subject"])):
        case "none":
            lines.append(b"X-Auth-Token: " + SECRET.encode())
        case "plain":
            lines += [b"X-Auth-Token: " + SECRET.encode(), b"X-Scope: " + scope]
        case "token":
            newer = b"~" + urlsafe_b64encode(scope).rstrip(b"=")
            lines.append(b"X-Auth-Token: " + SECRET.encode() + (newer if draw(st.booleans()) else b"!SCOPE!" + scope))
        case "odd":
            # HAProxy cannot prove anything of it, so Python decides.
            lines += [
                b"X-Auth-Token: " + SECRET.encode(),
                b"X-Scope: " + scope.replace(b'"im', b'"\\u0069m', 1).replace(b'"co', b'"\\u0063o', 1),
            ]
        case _:
            lines += [b"X-Auth-Token: svc", b"X-Subject-Token: " + SECRET.encode() + b'!SCOPE!{"identity":"CloudTwo"}']
    lines += draw(st.lists(st.sampled_from(_HEADERS), max_size=2)) if draw(st.booleans()) else []
    body = draw(st.sampled_from([b"", b"{}", _BOOT, _LOGIN, _SMUGGLED, b"x" * 5000, b"0\r\n\r\n" + _SMUGGLED]))
    framing = draw(st.sampled_from(_FRAMINGS if draw(once_in(3)) else _FRAMINGS[:4])) if body or draw(once_in(4)) else []
    lines += [line.replace(b"%d", str(len(body)).encode()) for line in framing]
    if draw(once_in(8)):
        lines[1:] = draw(st.permutations(lines[1:]))
    sent = body
    if any(b"hunked" in line for line in framing) and not draw(once_in(12)):
        sent = _chunked(body, draw(st.lists(st.integers(1, 40), max_size=3)))
        if draw(once_in(3)):
            sent = draw(mutated_bytes(sent, _CHUNK_PIECES, 2))
    elif not framing:
        sent = b""
    return b"\r\n".join([*lines, b"", b""]) + sent


@st.composite
def streams(draw: st.DrawFn) -> Pieces:
    """The bytes of a client on one connection: a few requests, changed here and there, in one piece or in several."""
    data = b"".join(draw(st.lists(_request(), min_size=1, max_size=3)))
    if draw(once_in(3)):
        data = draw(mutated_bytes(data, _BYTES, 2))
    if draw(once_in(40)):
        data = (
            draw(
                st.sampled_from(
                    [
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                        b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
                        b"\x16\x03\x01\x00\x05",
                        b"\r\n\r\n",
                        b"\n",
                    ]
                )
            )
            + data
        )
    if not draw(once_in(3)):
        return ((data, 0),)
    cuts = sorted(draw(st.sets(st.integers(0, len(data)), max_size=4)))
    return tuple(
        (data[one:other], draw(st.sampled_from([0, 1, 4]))) for one, other in zip([0, *cuts], [*cuts, len(data)], strict=True)
    )
