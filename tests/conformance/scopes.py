# SPDX-License-Identifier: Apache-2.0
"""Generated scopes: mostly plausible ones, many with a fault.

Each strategy is made once: Hypothesis takes longer to prepare one than to draw from it.
"""

from functools import cache

from hypothesis import strategies as st

from conformance.clouds import three_clouds

MESH = three_clouds()

SERVICES = ["image", "compute", "identity", "network", "block-storage", "placement", "my-billing", "shared-file-system", "*"]
ODD_SERVICES = ["glance", "volumev3", "nova", "sharev2", "dns", "", "im age", "my-billings", "place"]
CLOUDS = ["CloudOne", "CloudTwo", "Cloud-3.b"]
ODD_CLOUDS = ["CloudTen", "", "Cloud Two", "CloudOne&CloudTwo", "cloudtwo"]
spaces = st.sampled_from(["", "", "", "", "", "", " ", "  ", "\t"])
encodable = st.sets(st.sampled_from("=,*&cim"), max_size=3)


@cache
def once_in(number: int) -> st.SearchStrategy[bool]:
    """True once in so many draws. Hypothesis likes the ends of a range, so it is something in its middle."""
    return st.sampled_from(range(number)).map(lambda drawn: drawn == number // 2)


def mostly(usual: list[str], odd: list[str], number: int = 40) -> st.SearchStrategy[str]:
    common, rare = st.sampled_from(usual), st.sampled_from(odd)
    return once_in(number).flatmap(lambda drawn: rare if drawn else common)


services = mostly(SERVICES, ODD_SERVICES)


@cache
def clouds_for(service: str) -> st.SearchStrategy[str]:
    """Mostly clouds that have the service."""
    having = [name for name, offered in MESH.offers.items() if service in offered] or CLOUDS
    return mostly(having, [*CLOUDS, *ODD_CLOUDS], 20)


@cache
def one_of(letters: str) -> st.SearchStrategy[str]:
    """One of these letters, or none."""
    return st.sampled_from(["", *letters])


@st.composite
def entries(draw: st.DrawFn) -> tuple[str, str]:
    """A service, and mostly a cloud that has it."""
    service = draw(services)
    return service, draw(clouds_for(service))


@cache
def rows(least: int, most: int, *, once: bool = False) -> st.SearchStrategy[list[tuple[str, str]]]:
    """So many entries; each service once, or as it comes."""
    return st.lists(entries(), min_size=least, max_size=most, unique_by=(lambda row: row[0]) if once else None)


@st.composite
def damaged(draw: st.DrawFn, text: str, extras: str) -> str:
    """The text, seldom with a character too many, too few, or another one."""
    if not text or not draw(once_in(16)):
        return text
    at = draw(st.integers(0, len(text) - 1))
    instead = draw(one_of(extras))
    return text[:at] + instead + text[at + draw(st.integers(0, 1)) :]


@st.composite
def scopes(draw: st.DrawFn) -> str:
    """A scope as it stands in a header."""
    drawn = draw(rows(0 if draw(once_in(16)) else 1, 10))
    if not draw(once_in(8)):
        drawn = list(dict(drawn).items())
    a, b, c, d = (draw(spaces) for _ in range(4))
    text = "{" + ",".join(f'{a}"{service}"{b}:{c}"{cloud}"{d}' for service, cloud in drawn) + "}"
    text = draw(damaged(text, '{}",:\\!x ['))
    return text.replace('"im', '"\\u0069m') if draw(once_in(16)) else text


@st.composite
def url_scopes(draw: st.DrawFn) -> str:
    """A scope as it stands in a URL, percent-encoded here and there."""
    drawn = draw(rows(0 if draw(once_in(16)) else 1, 4, once=True))
    text = draw(damaged(",".join(f"{service}={cloud}" for service, cloud in drawn), "=,:%!x"))
    encoded = draw(encodable) if draw(st.booleans()) else set()
    return "".join(f"%{ord(letter):02X}" if letter in encoded or letter == " " else letter for letter in text)


likely = st.sampled_from(
    [
        '{"image":"CloudTwo"}',
        '{"*":"CloudTwo"}',
        '{"identity":"CloudTwo","image":"CloudOne"}',
        '{"compute":"CloudTwo", "image":"Cloud-3.b"}',
        '{"*":"CloudOne","image":"CloudTwo"}',
        '{"network":"CloudTwo"}',
        '{"compute":"CloudTwo"}',
        '{"network":"Cloud-3.b"}',
        '{"block-storage":"CloudTwo"}',
        '{"*":"CloudTwo","identity":"CloudOne"}',
        '{"image":"CloudTwo | CloudOne"}',
        '{"*":"CloudOne | CloudTwo","network":"Cloud-3.b | CloudOne"}',
    ]
)
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=24)
plausible = st.one_of(likely, scopes())
texts = once_in(16).flatmap(lambda odd: printable if odd else plausible)
odd_tokens = st.one_of(st.sampled_from(["to!k", "", "a!SCOPE", "a~", "t%7Ek", "%21SCOPE%21", "~"]), printable)
ordinary_tokens = st.sampled_from(["tok", "gAAAA-_b.c="])
bare = once_in(16).flatmap(lambda odd: odd_tokens if odd else ordinary_tokens)
