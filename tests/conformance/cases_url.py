# SPDX-License-Identifier: Apache-2.0
"""The table of cases: a scope in the authentication URL, ``<identity>/scope/<scope>/v3``."""

from conformance.case import TO_TWO, TOKENS, TWO_DONE, Case, Refused, Sent, auth, plain, refused, relayed, sent, subject

HOME = "/identity/scope/image=CloudTwo"
ABROAD = "/identity/scope/identity=CloudTwo"
ABROAD_DONE = '{"*":"CloudOne","identity":"CloudTwo"}'
LOG_IN = '{"auth": {"identity": {"methods": ["password"]}}}'
HERE = "/identity/v3/auth/tokens"
TOK = auth("tok")


def by_token(token: str) -> str:
    return f'{{"auth": {{"identity": {{"methods": ["token"], "token": {{"id": "{token}"}}}}}}}}'.replace('!{"', '!{\\"')


def scoped_token(scope: str) -> str:
    """A token with a scope, as it stands in JSON."""
    return f"tok!SCOPE!{scope}".replace('"', '\\"')


def log_in(name: str, expect: Sent | Refused, segment: str, *headers: tuple[str, str], body: str = LOG_IN, row: str = "") -> Case:
    rows = (row,) if row else ()
    return Case(name, expect, f"/identity/scope/{segment}/v3/auth/tokens", headers, "POST", native=False, body=body, rows=rows)


DIFFER = refused(400, "differ", "say it once")

URL = [
    log_in("URL: a log-in at home", relayed("CloudOne", HERE), "image=CloudTwo", row="W6"),
    log_in("URL: a log-in abroad", relayed("CloudTwo", TOKENS), "identity=CloudTwo"),
    log_in("URL: every other service", relayed("CloudTwo", TOKENS), "*=CloudTwo"),
    log_in("URL: every other service but this", relayed("CloudOne", HERE), "*=CloudTwo,identity=CloudOne"),
    log_in("URL: an alias", relayed("CloudTwo", TOKENS), "keystone=CloudTwo"),
    *(
        log_in(f"URL: percent-encoded, {segment}", relayed("CloudTwo", TOKENS), segment)
        for segment in ("identity%3DCloudTwo", "identit%79=CloudTwo%2Cimage=CloudOne", "%2A=CloudTwo", "identity=Cloud%54wo")
    ),
    *(
        log_in(f"URL: malformed, {segment}", refused(400, "the authentication URL: scope, column ", *words), segment)
        for segment, words in {
            "": ("column 1: service=cloud is expected here, for example image=CloudTwo",),
            "image": ("column 1: service=cloud is expected",),
            "image=CloudTwo,": ("column 16: service=cloud is expected",),
            "image=CloudTwo,,compute=CloudOne": ("column 16: ",),
            "image:CloudTwo": ("column 1: service=cloud",),
            '{"image":"CloudTwo"}': ("column 1: service=cloud",),
            "%7B%22image%22:%22CloudTwo%22%7D": ("column 1: service=cloud",),
            "=CloudTwo": ("column 1: a service without a name",),
            "image=": ("column 7: a cloud without a name",),
            "image=CloudTen": ("column 7: unknown cloud 'CloudTen'",),
            "imagee=CloudTwo": ("column 1: unknown service 'imagee'",),
            "image=CloudTwo,glance=CloudOne": ("column 16: the service 'glance' is named twice (as 'image')",),
            "compute=Cloud-3.b": ("column 9: Cloud-3.b has no service 'compute'",),
            "image=Cloud=Two": ("column 7: 'Cloud=Two' cannot be a cloud's name",),
            "image=CloudTwo%2Fx": ("column 7: 'CloudTwo/x' cannot be a cloud's name",),
            "image=CloudTwo%ff": ("column 7: ",),
            "image=CloudTwo%": ("column 7: ",),
            "image=%20CloudTwo": ("column 7: ",),
            "image=CloudOne%26CloudTwo": ("column 7: compound scopes",),
            "x" * 2049: ("too large",),
        }.items()
    ),
    log_in("URL: the header says the same", relayed("CloudOne", HERE), "glance=CloudTwo", plain(TO_TWO), row="W7"),
    log_in("URL: the header says something else", DIFFER, "image=CloudTwo", plain('{"image":"CloudOne"}'), row="W8"),
    log_in(
        "URL: the token says the same", relayed("CloudOne", HERE, TOK), "image=CloudTwo", auth(f"tok!SCOPE!{TWO_DONE}"), row="W9"
    ),
    log_in("URL: the token says something else", DIFFER, "image=CloudTwo", auth('tok!SCOPE!{"image":"CloudOne"}'), row="W10"),
    log_in(
        "URL: the body's token says the same",
        relayed("CloudOne", HERE),
        "image=CloudTwo",
        body=by_token(scoped_token(TWO_DONE)),
        row="W13",
    ),
    log_in(
        "URL: the body's token says something else",
        DIFFER,
        "image=CloudTwo",
        body=by_token(scoped_token('{"image":"CloudOne"}')),
        row="W14",
    ),
    log_in("URL: a bare token in the body", relayed("CloudOne", HERE), "image=CloudTwo", body=by_token("tok"), row="T8"),
    *(
        Case(f"URL: the versions, {path}", sent("CloudOne", there), path, native=False)
        for path, there in (
            (HOME, "/identity"),
            (f"{HOME}/", "/identity/"),
            (f"{HOME}/v3", "/identity/v3"),
            (f"{HOME}/v3/", "/identity/v3/"),
        )
    ),
    Case(
        "URL: the versions abroad",
        sent("Cloud-3.b", "/os/identity/v3", plain('{"*":"CloudOne","identity":"Cloud-3.b"}')),
        "/identity/scope/identity=Cloud-3.b/v3",
        native=False,
    ),
    Case("URL: the versions, malformed", refused(400, "column 7"), "/identity/scope/image=Nowhere/v3", native=False),
    Case("URL: the head of the versions", sent("CloudOne", "/identity/v3"), f"{HOME}/v3", method="HEAD", native=False),
    Case(
        "URL: another request at home",
        sent("CloudOne", "/identity/v3/projects", TOK),
        f"{HOME}/v3/projects",
        (TOK,),
        native=False,
    ),
    Case(
        "URL: another request abroad",
        sent("CloudTwo", "/v3/users?name=x", auth(f"tok!SCOPE!{ABROAD_DONE}")),
        f"{ABROAD}/v3/users?name=x",
        (TOK,),
        native=False,
    ),
    Case(
        "URL: another request, with a token that carries the scope",
        sent("CloudOne", "/identity/v3/projects", TOK),
        f"{HOME}/v3/projects",
        (auth(f"tok!SCOPE!{TWO_DONE}"),),
        native=False,
    ),
    Case(
        "URL: a validation",
        relayed("CloudOne", HERE, TOK, subject("tok")),
        f"{HOME}/v3/auth/tokens",
        (auth(f"tok!SCOPE!{TWO_DONE}"), subject(f"tok!SCOPE!{TWO_DONE}")),
        native=False,
    ),
    Case(
        "URL: a revocation",
        relayed("CloudTwo", TOKENS, TOK, subject("tok")),
        f"{ABROAD}/v3/auth/tokens",
        (TOK, subject("tok")),
        "DELETE",
        native=False,
    ),
    Case(
        "URL: a catalog abroad",
        relayed("CloudTwo", "/v3/auth/catalog", TOK),
        f"{ABROAD}/v3/auth/catalog",
        (TOK,),
        native=False,
    ),
    Case(
        "URL: where Keystone has a socket of its own",
        relayed("CloudTwo", TOKENS),
        "/scope/image=CloudOne/v3/auth/tokens",
        method="POST",
        at="CloudTwo",
        native=False,
        body=LOG_IN,
    ),
    Case("URL: without anything behind it", sent("CloudOne", "/identity/scope"), "/identity/scope", native=False),
    Case("URL: another service has none", sent("CloudOne", "/image/scope/image=CloudTwo/v2"), "/image/scope/image=CloudTwo/v2"),
    Case("URL: Keystone's own path", sent("CloudOne", "/identity/v3/scope/x=y"), "/identity/v3/scope/x=y"),
]
