# SPDX-License-Identifier: Apache-2.0
"""Cases: a scope in the URL of a service other than Keystone."""

from conformance.case import TWO_DONE, Case, auth, plain, refused, sent
from conformance.cases_url import DIFFER, OBJECTS_DONE, TOK

URL_OF_SERVICES = [
    Case(
        "URL: another service",
        sent("CloudTwo", "/v2/images?limit=1", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/image/scope/image=CloudTwo/v2/images?limit=1",
        (TOK,),
        native=False,
        rows=("W22",),
    ),
    Case(
        "URL: another service, and the token says the same",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/image/scope/glance=CloudTwo/v2/images",
        (auth(f"tok!SCOPE!{TWO_DONE}"),),
        native=False,
    ),
    Case(
        "URL: another service, and the token says something else",
        DIFFER,
        "/image/scope/image=CloudTwo/v2/images",
        (auth('tok!SCOPE!{"image":"CloudOne"}'),),
        native=False,
        rows=("W23",),
    ),
    Case(
        "URL: another service, and the header says something else",
        DIFFER,
        "/image/scope/image=CloudTwo/v2/images",
        (TOK, plain('{"compute":"CloudTwo"}')),
        native=False,
    ),
    Case("URL: another service, malformed", refused(400, "the URL, column 1"), "/image/scope/x=CloudTwo/v2", native=False),
    Case(
        "URL: a cloud without the service",
        refused(400, "Cloud-3.b has no service"),
        "/compute/scope/*=Cloud-3.b/v2.1",
        native=False,
    ),
    Case(
        "URL: another service of the home cloud",
        sent("CloudOne", "/image/v2/images", auth('tok!SCOPE!{"*":"CloudOne","compute":"CloudTwo"}')),
        "/image/scope/compute=CloudTwo/v2/images",
        (TOK,),
        native=False,
    ),
    *(
        Case(
            f"URL: an object, without a token, by {method}",
            sent("Cloud-3.b", "/os/swift/v1/AUTH_p/c/a%2Fb//c;d/scope/x=y?temp_url_sig=s", plain(OBJECTS_DONE)),
            "/swift/scope/object-store=Cloud-3.b/v1/AUTH_p/c/a%2Fb//c;d/scope/x=y?temp_url_sig=s",
            method=method,
            native=False,
        )
        for method in ("GET", "HEAD", "PUT", "OPTIONS")
    ),
    Case(
        "URL: an object with a signature over its URL",
        refused(400, "signature"),
        "/swift/scope/object-store=Cloud-3.b/b/o",
        (("Authorization", "AWS4-HMAC-SHA256 Credential=x"),),
        native=False,
    ),
    Case("URL: an object called so", sent("CloudOne", "/v1/AUTH_p/scope/x=y", TOK), "/swift/v1/AUTH_p/scope/x=y", (TOK,)),
    Case(
        "URL: a service with a socket of its own",
        sent("CloudOne", "/image/v2/images", auth('tok!SCOPE!{"*":"CloudTwo","image":"CloudOne"}')),
        "/scope/image=CloudOne/v2/images",
        (TOK,),
        at="CloudTwo",
        to="image.public",
        native=False,
    ),
]
