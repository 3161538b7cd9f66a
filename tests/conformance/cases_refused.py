# SPDX-License-Identifier: Apache-2.0
"""The table of cases: refusals of bad input."""

from conformance.case import IMAGE_BYTES, TO_TWO, Case, auth, plain, refused, subject

BAD = [
    Case(f"refused: {name}", refused(400, "CloudOne", *words), IMAGE_BYTES, (auth("tok"), plain(text)), native=False)
    for name, text, words in (
        ("not JSON", "{", ("X-Scope", "column 2")),
        ("not an object", '["image"]', ("JSON object",)),
        ("empty", "{}", ("empty",)),
        ("nothing", "", ("JSON object",)),
        ("a trailing comma", '{"image":"CloudTwo",}', ("column 21",)),
        ("a duplicate", '{"image":"CloudOne","image":"CloudTwo"}', ("twice",)),
        ("a duplicate with something between", '{"image":"CloudOne","compute":"CloudOne","image":"CloudTwo"}', ("twice",)),
        ("a duplicate by alias", '{"image":"CloudOne","glance":"CloudTwo"}', ("twice",)),
        ("nesting", '{"image":{"image":"CloudTwo"}}', ("cloud's name",)),
        ("a number", '{"image":2}', ("cloud's name",)),
        ("an unknown cloud", '{"image":"CloudTen"}', ("unknown cloud 'CloudTen'", "CloudTwo")),
        ("an unknown cloud in another entry", '{"image":"CloudTwo","compute":"CloudTen"}', ("unknown cloud 'CloudTen'",)),
        ("an unknown service", '{"imagee":"CloudTwo"}', ("unknown service 'imagee'", "compute")),
        ("a service that no cloud of the mesh has", '{"dns":"CloudTwo"}', ("unknown service 'dns'",)),
        ("a service that the named cloud has not", '{"compute":"Cloud-3.b"}', ("Cloud-3.b has no service", "CloudTwo")),
        ("an empty name", '{"image":""}', ("without a name",)),
        ("a space in a name", '{"image":"Cloud Two"}', ("cannot be a cloud's name",)),
        ("a time that is missing", '{"image":"around(CloudOne)"}', ("column 26: ',' and a time, as in around(CloudOne, 10ms)",)),
        ("around an unknown cloud", '{"image":"around(CloudTen, 1ms)"}', ("column 18: unknown cloud 'CloudTen'",)),
        ("around a cloud without the service", '{"compute":"nearest(Cloud-3.b)"}', ("Cloud-3.b has no service",)),
        (
            "a compound in compounds",
            '{"image":"(CloudOne&CloudTwo|CloudOne)&CloudTwo"}',
            ("column 11: '&' within '|' within '&'",),
        ),
        ("a compound with a fault", '{"image":"CloudOne | CloudTen"}', ("column 22: unknown cloud 'CloudTen'",)),
        ("a compound of identity", '{"identity":"CloudOne | CloudTwo"}', ("column 13: identity is one cloud",)),
        ("a compound of a cloud without the service", '{"compute":"CloudOne | Cloud-3.b"}', ("Cloud-3.b has no service",)),
        ("too large", '{"image":' + " " * 2100 + '"CloudTwo"}', ("too large",)),
        ("text behind it", '{"image":"CloudTwo"}x', ("the end is expected",)),
        ("two objects", '{"image":"CloudTwo"}{"image":"CloudTwo"}', ("the end is expected",)),
        ("doubled braces", '{{"image":"CloudTwo"}}', ("double quotes",)),
        ("'*' of a cloud without the service", '{"*":"Cloud-3.b","image":"CloudOne","compute":"CloudTen"}', ("CloudTen",)),
    )
]

BAD_ELSEWHERE = [
    Case(
        "refused: header and token that differ",
        refused(400, "differ"),
        IMAGE_BYTES,
        (auth(f"tok!SCOPE!{TO_TWO}"), plain('{"image":"CloudOne"}')),
        native=False,
        rows=("W4", "T3"),
    ),
    Case(
        "refused: a scope without a token before it",
        refused(400, "no token"),
        IMAGE_BYTES,
        (auth(f"!SCOPE!{TO_TWO}"),),
        native=False,
    ),
    Case("refused: two scopes in a token", refused(400), IMAGE_BYTES, (auth(f"t!SCOPE!{TO_TWO}!SCOPE!{TO_TWO}"),), native=False),
    Case(
        "refused: two scope headers",
        refused(400, "2 times"),
        IMAGE_BYTES,
        (plain(TO_TWO), plain(TO_TWO)),
        native=False,
        rows=("W18",),
    ),
    Case(
        "refused: every other service of a cloud that has it not",
        refused(400, "Cloud-3.b has no service 'compute'"),
        "/compute/v2.1/servers",
        (auth("tok"), plain('{"*":"Cloud-3.b"}')),
        native=False,
        rows=("P9",),
    ),
    Case(
        "refused: a malformed scope of the token that is validated",
        refused(400, "X-Subject-Token"),
        "/identity/v3/auth/tokens",
        (auth("svc"), subject("usr!SCOPE!{nonsense}")),
        native=False,
    ),
]
