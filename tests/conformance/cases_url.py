# SPDX-License-Identifier: Apache-2.0
"""The table of cases: a scope in a URL, ``<identity>/scope/<scope>/v3`` or that of any other service."""

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


OBJECTS_DONE = '{"*":"CloudOne","object-store":"Cloud-3.b"}'
ONCE = "a scope in a URL is accepted once, directly after the service's root: "
DIFFER = refused(400, "differ", "send one")
DASHBOARD = ("in the dashboard, choose a region without a scope, or log in with user name and password", "exchange the token")
WEBSSO = ("/v3/auth/OS-FEDERATION/websso/openid", "/v3/auth/OS-FEDERATION/identity_providers/i/protocols/p/websso")

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
        log_in(f"URL: malformed, {segment}", refused(400, "the authentication URL, column ", *words), segment)
        for segment, words in {
            "": ("column 1: service=cloud is expected here, for example image=CloudTwo",),
            "image": ("column 1: service=cloud is expected",),
            "CloudTen": ("column 1: unknown cloud 'CloudTen'",),
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
            "image=CloudTwo%": ("column 15: '%' is reserved",),
            "image=%20CloudTwo": ("column 7: ",),
            "image=(CloudOne%26CloudTwo%7CCloudOne)%26CloudTwo": ("column 7: '&' within '|' within '&'",),
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
    Case("URL: without anything behind it", refused(400, "column 1"), "/identity/scope", native=False),
    Case(
        "URL: Keystone's own path with that word",
        sent("CloudOne", "/identity/v3/scope/x", TOK),
        "/identity/v3/scope/x",
        (TOK,),
        native=False,
    ),
    *(
        Case(f"URL: another spelling, {path}", refused(400, *words), path, (TOK,), native=False)
        for words, paths in {
            (ONCE, "/scope/image=CloudTwo/..."): (
                "/identity//scope/image=CloudTwo/v3",
                "/identity/Scope/image=CloudTwo/v3",
                "/identity/%73cope/image=CloudTwo/v3",
                "/identity/scope%2Fimage=CloudTwo/v3",
                "/identity/scope;x/image=CloudTwo/v3",
                "/identity/v3/scope/image=CloudTwo/auth/tokens",
                "/identity/v3/scope/image%3DCloudTwo",
                "/identity/scope/image=CloudTwo/scope/compute=CloudOne/v3",
                "/identity/scope/image=CloudTwo//Scope/compute=CloudOne/v3",
                "/image/v2/scope/image=CloudTwo/images",
                "/image/SCOPE/image=CloudTwo",
                "/swift//scope/object-store=Cloud-3.b/v1/a/c/o",
            ),
            ("column 1: service=cloud is expected",): ("/identity/scope//image=CloudTwo/v3", "/image/scope/"),
            ("segment '.' or '..'",): ("/identity/./scope/image=CloudTwo/v3", "/identity/scope/image=CloudTwo/%2e%2e/v3"),
            ("column 16: unknown cloud 'x'",): ("/identity/scope/image=CloudTwo;x/v3",),
        }.items()
        for path in paths
    ),
    *(
        Case(f"URL: {name} of {path}", sent("CloudOne", f"/identity{path}"), f"{HOME}{path}", native=False)
        for name, path in (("many slashes", "/v3//"), ("a slash", "//v3"), ("a code", "/%763"))
    ),
    *(
        Case(f"URL: {method} {path} gives no token with a scope", refused(400, *words), f"{HOME}{path}", (), method, native=False)
        for words, method, paths in (
            (("the authentication URL has a scope", "/v3/OS-OAUTH2/token", "X-Scope"), "POST", ("/v3/OS-OAUTH2/token",)),
            (("X-Auth-Token",), "POST", ("/v3/OS-OAUTH1/request_token", "/v3/OS-OAUTH1//access%5Ftoken/")),
            (("X-Auth-Token",), "PUT", ("/v3/OS-OAUTH1/authorize/x",)),
            *((DASHBOARD, method, WEBSSO) for method in ("GET", "POST")),
            (("another Keystone",), "POST", ("/v3/auth/OS-FEDERATION/saml2", "/v3/auth/OS-FEDERATION/saml2/ecp")),
            (("log in by POST /v3/auth/tokens",), "POST", ("/v2.0/tokens",)),
            (("each signed request",), "POST", ("/v3/s3tokens",)),
        )
        for path in paths
    ),
    *(
        Case(
            f"URL: {method} {path}, whose token carries the scope",
            relayed("CloudTwo", f"/v3{path}", TOK),
            f"{ABROAD}/v3{path}",
            (TOK,),
            method,
            native=False,
            body=body,
        )
        for method, path, body in (
            ("POST", "/ec2tokens", "{}"),
            ("POST", "/OS-FEDERATION/identity_providers/i/protocols/p/auth", ""),
            ("GET", "/OS-FEDERATION/identity_providers/i%20j/protocols/p/auth", None),
        )
    ),
    Case(
        "URL: a log-in by a signature over the URL",
        refused(400, "Authorization is a signature over the URL", "/identity, and send the scope in X-Scope"),
        f"{HOME}/v3/auth/tokens",
        (("Authorization", 'OAuth oauth_consumer_key="x"'),),
        "POST",
        native=False,
        body=LOG_IN,
    ),
    Case("URL: a preflight of a log-in", sent("CloudOne", HERE), f"{HOME}/v3/auth/tokens", method="OPTIONS", native=False),
]
