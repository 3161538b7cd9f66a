# SPDX-License-Identifier: Apache-2.0
"""The table of cases: scopes in tokens, and refusals of tokens that a client has changed."""

from base64 import urlsafe_b64encode
from urllib.parse import quote

from conformance.case import IMAGE_BYTES, TO_TWO, TOKENS, TWO_DONE, Case, auth, newer_form, plain, refused, sent, service, subject

NEWER = newer_form(f"tok!SCOPE!{TWO_DONE}")
UNQUOTED = "<token>~<base64url of the scope, without padding>"


def encoded(text: str | bytes) -> str:
    return urlsafe_b64encode(text.encode() if isinstance(text, str) else text).decode().rstrip("=")


TOKEN_FORMS = [
    Case(
        "a client that quotes as python-glanceclient does leaves the newer form as it is",
        sent("CloudTwo", "/v2/images/i/file", auth(f"gAAAA-_b.c==!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth(quote(newer_form(f"gAAAA-_b.c==!SCOPE!{TWO_DONE}"), safe="=+/")),),
    ),
    Case(
        "white space in the encoded text",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth(newer_form('tok!SCOPE!{ "image" : "CloudTwo" }')),),
    ),
    Case(
        "the short form in X-Scope",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("tok"), plain("image=CloudTwo")),
    ),
    Case(
        "the short form in X-Scope, without a token, with white space",
        sent("CloudTwo", "/v2/schemas/image", plain('{"*":"CloudOne","image":"CloudTwo","compute":"CloudOne"}')),
        "/image/v2/schemas/image",
        (plain("image=CloudTwo, compute = CloudOne"),),
        native=False,
    ),
    *(
        Case(f"refused: {name}, {where}", refused(400, *words), path, (*more, header(value)), native=False)
        for where, header, path, more in (
            ("in X-Auth-Token", auth, IMAGE_BYTES, ()),
            ("in X-Subject-Token", subject, f"/identity{TOKENS}", (auth("svc"),)),
            ("in X-Service-Token", service, IMAGE_BYTES, (auth("t"),)),
            ("in X-Service-Token, beside X-Scope", service, IMAGE_BYTES, (auth("t"), plain(TO_TWO))),
        )
        for name, value, words in (
            ("the older form quoted by python-glanceclient", quote(f"t=!SCOPE!{TO_TWO}", safe="=+/"), (UNQUOTED,)),
            ("the same in small letters", quote(f"t!SCOPE!{TO_TWO}", safe="").lower(), (UNQUOTED,)),
            ("the older form quoted twice", quote(quote(f"t!SCOPE!{TO_TWO}")), (UNQUOTED,)),
            ("the older form, one mark quoted", f"t!SCOPE%21{TO_TWO}", (UNQUOTED,)),
            ("the older form, the other mark quoted", f"t%21SCOPE!{TO_TWO}", (UNQUOTED,)),
            ("the older form, its JSON quoted", f"t!SCOPE!{quote(TO_TWO)}", (UNQUOTED,)),
            ("the newer form, its mark quoted", NEWER.replace("~", "%7E"), (UNQUOTED,)),
            ("the same, quoted in small letters", NEWER.replace("~", "%7e"), (UNQUOTED,)),
            ("nothing behind the mark", "t~", ("JSON object in base64url",)),
            ("padding", f"{newer_form('t!SCOPE!' + TO_TWO)}=", ("base64url without padding",)),
            ("letters of the other alphabet", "t~eyJ+", ("base64url without padding",)),
            ("stray bits at the end", f"t~{encoded('{}')[:-1]}1", ("stray bits",)),
            ("a length that no text has", "t~eyJpb", ("base64url",)),
            ("no UTF-8", f"t~{encoded(bytes([0x7B, 0xFF, 0x7D]))}", ("UTF-8",)),
            ("the short form in base64url", f"t~{encoded('image=CloudTwo')}", ("JSON object in base64url",)),
            ("a token with a tilde", "t~oken", ("base64url",)),
            ("two scopes", f"{NEWER}~{encoded(TO_TWO)}", ("two scopes",)),
            ("both forms", f"{NEWER}!SCOPE!{TO_TWO}", ("two scopes",)),
            ("both forms, the other way round", f"t!SCOPE!{TO_TWO}~{encoded(TO_TWO)}", ("the end is expected",)),
            ("no token", f"~{encoded(TO_TWO)}", ("no token",)),
            ("text too large for a scope", f"t~{encoded('{' + ' ' * 2050 + TO_TWO[1:])}", ("too large",)),
        )
    ),
    Case(
        "the bound counts the text, not what it is in base64url",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth(f"tok~{encoded('{' + ' ' * 1900 + TO_TWO[1:])}"),),
    ),
    *(
        Case(
            f"refused: a scope in {name}, {how}", refused(400, name, "X-Auth-Token"), IMAGE_BYTES, ((name, value),), native=False
        )
        for name in ("X-Storage-Token", "Authorization")
        for how, value in (
            ("in the newer form", f"Bearer {NEWER}"),
            ("with white space", f"t~{encoded('{' + chr(9) + TO_TWO[1:])}"),
            ("quoted", quote(f"t!SCOPE!{TO_TWO}").lower()),
        )
    ),
    *(
        Case(
            f"a value with a tilde is no scope, in {name}",
            sent("CloudOne", IMAGE_BYTES, auth("t")),
            IMAGE_BYTES,
            (auth("t"), (name, "a~b%7e")),
        )
        for name in ("X-Storage-Token", "Authorization")
    ),
    Case(
        "refused: both tokens of a validation carry scopes that differ, in both forms",
        refused(400, "differ"),
        f"/identity{TOKENS}",
        (auth(NEWER), subject('t!SCOPE!{"identity":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "refused: a quoted scope in a body",
        refused(400, UNQUOTED),
        f"/identity{TOKENS}",
        method="POST",
        body=f'{{"auth": {{"identity": {{"methods": ["token"], "token": {{"id": "{quote("t!SCOPE!" + TO_TWO)}"}}}}}}}}',
        native=False,
    ),
]
