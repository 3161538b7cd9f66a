# SPDX-License-Identifier: Apache-2.0
"""The table of cases: paths that may mean two things, and requests that would go round."""

from conformance.case import IMAGE_BYTES, TO_TWO, TWO_DONE, Case, auth, marked, plain, refused, request_id, sent, subject

TOK = auth("tok")
CLIMBS = refused(400, "the path has a segment '.' or '..'", "without them is accepted")
VIA_TWO = ("Via", "1.1 CloudTwo (openstackoid)")
LOOP = refused(508, "gateway of CloudTwo has sent this request here", "would go on to Cloud-3.b")
TO_THREE = '{"image":"Cloud-3.b"}'

PATHS = [
    *(
        Case(f"path: refused, {path}", CLIMBS, path, headers, native=False, to=to)
        for path, headers, to in (
            ("/image/../compute/v2.1/servers", (), "identity.public"),
            ("/image/..", (), "identity.public"),
            ("/image/./v2", (), "identity.public"),
            ("/image/%2e%2e/compute", (), "identity.public"),
            ("/image/.%2E/compute", (), "identity.public"),
            ("/image/x%2f..%2fy", (), "identity.public"),
            ("/image/x%5C..%5Cy", (), "identity.public"),
            ("/image/..;x=y/compute", (), "identity.public"),
            ("/image/..%3bx/compute", (), "identity.public"),
            ("/image/..\\compute", (), "identity.public"),
            ("/compute/v2.1/x/../servers", (TOK, plain(TO_TWO)), "identity.public"),
            ("/image/v2/../../compute", (TOK, plain(TO_TWO)), "identity.public"),
            ("/identity/v3/./auth/x/../tokens", (auth("svc"), subject(f"usr!SCOPE!{TWO_DONE}")), "identity.public"),
            ("/identity/scope/image=CloudTwo/../v3", (), "identity.public"),
            ("/swift/v1/AUTH_p/c/../o", (TOK,), "identity.public"),
            ("/../image", (), "image.internal"),
            ("/v2/..", (TOK, plain(TO_TWO)), "image.internal"),
        )
    ),
    *(
        Case(f"path: refused, {path}", refused(400, word), path, (TOK,), native=False)
        for path, word in (
            ("/image/a\\b", "backslash; in a name it is written %5C"),
            ("/image/%00", "control character (%00)"),
            ("/swift/v1/AUTH_p/c/o%00", "control character (%00)"),
            ("/image/a%0d%0aLocation:%20x", "control character (%0D)"),
            ("/compute/v2.1/servers%7f", "control character (%7F)"),
        )
    ),
    Case(
        "path: refused, too long to decode",
        refused(414, "the path has 5202 characters", "5120 are accepted"),
        "/swift/v1/AUTH_p/c/" + "%41" * 1727 + "AA",
        (TOK,),
        native=False,
    ),
    Case(
        "path: long, with nothing to decode",
        sent("CloudOne", "/v1/AUTH_p/c/" + "A" * 5200, TOK),
        "/swift/v1/AUTH_p/c/" + "A" * 5200,
        (TOK,),
    ),
    Case(
        "path: a name of the user's own",
        sent("CloudOne", "/v1/AUTH_p/c/Icon%0D", TOK),
        "/swift/v1/AUTH_p/c/Icon%0D",
        (TOK,),
        native=False,
    ),
    *(
        Case(f"path: as it came, {path}", sent("CloudOne", backend, TOK), path, (TOK,))
        for path, backend in (
            ("/swift/v1/AUTH_p/c/a%2Fb//c;d/...", "/v1/AUTH_p/c/a%2Fb//c;d/..."),
            ("/image/v2/.hidden/a%5Cb/%252e%252e", "/image/v2/.hidden/a%5Cb/%252e%252e"),
            ("/image//compute/v2.1", "/image//compute/v2.1"),
            ("/image/;/compute", "/image/;/compute"),
            ("/my/billing/a..b/..c", "/my/billing/a..b/..c"),
        )
    ),
    *(
        Case(f"path: no service, {path}", refused(404, "no service is served at this path"), path, native=False)
        for path in ("//image/v2", "/ima%67e/v2", "/image%2fv2", "/image;x/v2", "/%2e%2e/image", "/Image")
    ),
]

LOOPS = [
    Case("loop: refused", LOOP, IMAGE_BYTES, (TOK, plain(TO_THREE), VIA_TWO), native=False),
    Case("loop: with the scope in the token", LOOP, IMAGE_BYTES, (auth(f"tok!SCOPE!{TO_THREE}"), VIA_TWO), native=False),
    Case(
        "loop: refused whatever other proxies say",
        LOOP,
        IMAGE_BYTES,
        (
            TOK,
            plain(TO_THREE),
            ("Via", "1.1 CloudOne (openstackoid), 1.0 fred (Apache)"),
            ("via", "1.1 CloudTwo (openstackoid),2 x"),
        ),
        native=False,
    ),
    Case(
        "loop: back to where it came from",
        refused(508, "gateway of CloudTwo has sent", "go on to CloudTwo"),
        IMAGE_BYTES,
        (TOK, plain(TO_TWO), VIA_TWO),
        native=False,
    ),
    Case(
        "loop: a log-in",
        refused(508, "gateway of CloudTwo has sent"),
        "/identity/v3/auth/tokens",
        (plain('{"identity":"Cloud-3.b"}'), VIA_TWO),
        method="POST",
        native=False,
        body="{}",
    ),
    Case(
        "loop: by a remembered scope",
        refused(508, "gateway of CloudTwo has sent"),
        "/networking/v2.0/ports",
        (auth("nova"), request_id(marked(70)), VIA_TWO),
        native=False,
        remembered='{"*":"CloudOne","network":"Cloud-3.b"}',
    ),
    Case(
        "loop: what is served here has arrived",
        sent("CloudOne", IMAGE_BYTES, auth('tok!SCOPE!{"*":"CloudTwo","image":"CloudOne"}')),
        IMAGE_BYTES,
        (auth('tok!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'), VIA_TWO),
        native=False,
    ),
    Case(
        "loop: another proxy's Via is none of ours",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (TOK, plain(TO_TWO), ("Via", "1.1 CloudTwo (squid)")),
    ),
    Case("loop: without a scope it stays here", sent("CloudOne", IMAGE_BYTES, TOK), IMAGE_BYTES, (TOK, VIA_TWO)),
]
