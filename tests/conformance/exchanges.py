# SPDX-License-Identifier: Apache-2.0
"""Generated requests and answers, all of them valid HTTP, the same for each number."""

import random
from dataclasses import dataclass

READS = ["GET", "HEAD", "OPTIONS"]
WRITES = ["PUT", "POST", "DELETE", "PATCH", "COPY"]
STATUSES = [
    200,
    200,
    200,
    201,
    202,
    203,
    204,
    206,
    300,
    304,
    400,
    401,
    403,
    404,
    409,
    411,
    413,
    416,
    422,
    429,
    498,
    500,
    503,
    507,
]
REASONS = [b"OK", b"OK", b"", b"Not quite OK", b"Tr\xe8s bien", b"\xc3\xa9\xff"]
SEGMENTS = [
    *("v1", "AUTH_p", "c", "o", "a%2Fb", "%C3%A9", "%ff%FE", "c;d=1", "~user", "+", "'q'", "(x)", "%20", "a,b", "me@h", "!", "$"),
    *("*", "k=v", "a:b", "...", "%25", "%3F", "_-.", "&", "UPPER", "x" * 300),
]
QUERIES = ["", "?", "?a=b&a=", "?x=%26+%2B%00", "?/?", "?prefix=a/b&delimiter=/", "?q='%C3%A9'", "?;=&&", "?temp_url_sig=f00&x"]
VALUES = [
    *(
        b"",
        b"a",
        b"a  b",
        b"a\tb",
        b'"quoted, text"',
        b'W/"etag"',
        b"a,b , c",
        b"Orl\xe9ans",
        b"\xc3\xa9",
        b"\xff\xfe\x80",
        b"%C3%A9",
    ),
    *(b'{"a": 1}', b"\\", b"=?utf-8?q?x?=", b";", b"x" * 256, b"!SCOPE", b"2026-01-01T00:00:00Z"),
]
SAYINGS = [*VALUES, b"a\x01\x7f\x0bb"]
"""Values of answers. In a request, Python does not take control characters, which HTTP does not allow."""

TOLD = [
    *(
        b"Accept",
        b"Accept-Encoding",
        b"Accept-Language",
        b"User-Agent",
        b"Content-Type",
        b"Content-Encoding",
        b"Cookie",
        b"Cookie",
    ),
    *(
        b"If-Match",
        b"If-Modified-Since",
        b"If-None-Match",
        b"Range",
        b"Referer",
        b"Origin",
        b"X-Copy-From",
        b"Destination",
        b"Date",
    ),
    *(
        b"X-Object-Meta-City",
        b"X-Object-Meta-City",
        b"x-container-META-a",
        b"X-Container-Read",
        b"X-Delete-At",
        b"ETag",
        b"Pragma",
    ),
    *(b"X-Odd.name!#$%&'*+^`|~", b"X_Under_Score", b"Warning", b"Cache-Control", b"Content-Language", b"Content-MD5", b"1"),
    *(
        b"X-Forwarded-For",
        b"Via",
        b"TE",
        b"Keep-Alive",
        b"Proxy-Connection",
        b"Forwarded",
        b"X-Forwarded-Host",
        b"Proxy-Authorization",
    ),
]
SAID = [
    *(
        b"Date",
        b"Server",
        b"Content-Type",
        b"ETag",
        b"Last-Modified",
        b"Accept-Ranges",
        b"Content-Encoding",
        b"Vary",
        b"Allow",
        b"Age",
    ),
    *(b"X-Object-Meta-City", b"X-Object-Meta-City", b"X-Trans-Id", b"X-Openstack-Request-Id", b"X-Timestamp", b"Retry-After"),
    *(
        b"X-Container-Meta-Quota-Bytes",
        b"Content-Disposition",
        b"Cache-Control",
        b"Link",
        b"Link",
        b"Access-Control-Allow-Origin",
    ),
    *(b"X-Odd.name!#$%&'*+^`|~", b"X_Under_Score", b"Via", b"Warning", b"Expires", b"WWW-Authenticate", b"Content-Range", b"1"),
    *(b"Keep-Alive", b"Set-Cookie", b"Set-Cookie", b"Strict-Transport-Security", b"Content-Language", b"Refresh"),
]
ONCE = (b"Content-Type", b"Content-Range", b"ETag", b"Server", b"User-Agent")
"""Headers that HTTP allows once. A request with two of one is refused by Python, and passes HAProxy."""

NAMED = [b"close", b"close, X-Odd.name!#$%&'*+^`|~", b"X-Object-Meta-City", b"host, authorization, cookie, etag", b"keep-alive"]


@dataclass(frozen=True)
class Exchange:
    """A request, of which the path begins behind the service's prefix, and the answer to it, as bytes.

    ``expects``: the body is sent when it is asked for.
    """

    number: int
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    answer: bytes
    expects: bool

    def request(self, prefix: str, more: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
        """Return the request to a service with ``prefix``, with ``more`` headers."""
        start = f"{self.method} {prefix}{self.target} HTTP/1.1".encode()
        return _head(start, ((b"Host", b"gate.example:8080"), (b"X-Case", b"%d" % self.number), *more, *self.headers)) + self.body


def generated(number: int) -> Exchange:
    """Return the exchange of a number."""
    chance = random.Random(number)
    method = chance.choice(READS + WRITES)
    target = "".join(f"/{chance.choice(SEGMENTS)}" for _ in range(chance.randint(0, 5))) + chance.choice(["", "", "/", "//x"])
    headers = _headers(chance, TOLD, VALUES)
    if chance.random() < 0.2:
        headers.append((b"Connection", chance.choice(NAMED)))
    framing, body, plain = _framed(chance, ["none", "none", "length", "length", "chunks"])
    expects = bool(plain) and chance.random() < 0.3
    if expects:
        headers.append((b"Expect", b"100-continue"))
    chance.shuffle(headers)
    return Exchange(number, method, target + chance.choice(QUERIES), (*headers, *framing), body, _answer(chance, method), expects)


def _answer(chance: random.Random, method: str) -> bytes:
    status = chance.choice(STATUSES)
    headers = _headers(chance, SAID, SAYINGS)
    if chance.random() < 0.1:
        headers.append((b"Connection", chance.choice(NAMED)))
    framing, body, _ = _framed(chance, ["length", "length", "chunks", "end"])
    if status in (204, 304):
        # Swift says the length of what is not there.
        framing, body = chance.choice([[], [(b"Content-Length", b"0")]]), b""
    if status == 304 or method == "HEAD":
        framing, body = chance.choice([[], [(b"Content-Length", b"12345")], framing]), b""
    return _head(b"HTTP/1.1 %d %s" % (status, chance.choice(REASONS)), (*headers, *framing)) + body


def _headers(chance: random.Random, names: list[bytes], values: list[bytes]) -> list[tuple[bytes, bytes]]:
    drawn = [chance.choice(names) for _ in range(chance.randint(0, 12))]
    found = [(name, chance.choice(values)) for at, name in enumerate(drawn) if name not in ONCE or name not in drawn[:at]]
    if chance.random() < 0.1:
        found += [(b"X-Container-Meta-%d" % number, b"v" * 40) for number in range(chance.randint(80, 110))]
    if chance.random() < 0.05:
        found.append((b"X-Container-Read", b"r" * 8000))
    return found


def _framed(chance: random.Random, framings: list[str]) -> tuple[list[tuple[bytes, bytes]], bytes, bytes]:
    """Return what says where a body ends, the body as it is sent, and its content."""
    content = b"" if chance.random() < 0.25 else chance.randbytes(chance.choice([1, 10, 1000, 5000, 40_000, 200_000]))
    match chance.choice(framings):
        case "length":
            return [(b"Content-Length", b"%d" % len(content))], content, content
        case "chunks":
            size = chance.choice([1000, 7000, 65536])
            pieces = [content[at : at + size] for at in range(0, len(content), size)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
            if chance.random() < 0.2:
                return [(b"Trailer", b"X-Late"), (b"Transfer-Encoding", b"chunked")], body[:-2] + b"X-Late: now\r\n\r\n", content
            return [(b"Transfer-Encoding", b"chunked")], body, content
        case "end":
            return [(b"Connection", b"close")], content, content
        case _:
            return [], b"", b""


def _head(start: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join([start, b"\r\n", *(b"%s: %s\r\n" % pair for pair in headers), b"\r\n"])
