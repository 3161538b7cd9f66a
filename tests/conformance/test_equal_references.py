# SPDX-License-Identifier: Apache-2.0
"""Under ``A & B``, a change that names a flavor of the merged list means that one in its server's cloud, or is refused."""

import json
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID, uuid4

import pytest

from conformance.lists import CLOUDS, Clouds
from openstackoid.routing.wire_version import HEADER, SPOKEN
from openstackoid.scope import split_token

SCOPE = "One & Two & Three"
FLAVORS = "/compute/v2.1/flavors/detail"
SERVERS = "/compute/v2.1/servers"
LONG_ID = str(UUID(int=2**121))
TINY, LARGE = ("m1.tiny", 512), ("m1.large", 8192)


def flavor(id_: str, sort: tuple[str, int]) -> dict[str, Any]:
    name, ram = sort
    return {"id": id_, "name": name, "vcpus": 1, "ram": ram, "disk": 1, "OS-FLV-EXT-DATA:ephemeral": 0}


def cloud(
    flavors: Iterable[dict[str, Any]], *, has_server: bool = False, fails: int = 0
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return the play of a cloud with these flavors. ``fails``: its status for one flavor by its id."""
    by_id = {each["id"]: each for each in flavors}

    def answer(method: str, path: str, query: str) -> tuple[int, Any]:
        if path.endswith("/flavors/detail"):
            after = query.partition("marker=")[2].partition("&")[0]
            page = [each for id_, each in sorted(by_id.items()) if id_ > after][:2]
            links = {"flavors_links": [{"rel": "next", "href": "http://x/next"}]} if len(page) == 2 else {}
            return 200, {"flavors": page, **links}
        if "/flavors/" in path:
            found = by_id.get(path.rpartition("/")[2])
            return (fails, {}) if fails else (404, {}) if found is None else (200, {"flavor": found})
        if not has_server:
            return 404, {}
        return (202, {}) if method == "POST" else (200, {"server": {"id": path.rpartition("/")[2]}})

    def play(handler: BaseHTTPRequestHandler) -> None:
        path, _, query = handler.path.partition("?")
        status, document = answer(handler.command, path, query)
        body = json.dumps(document).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header(HEADER, str(SPOKEN))
        handler.end_headers()
        handler.wfile.write(body)

    return play


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Clouds:
    listed_clouds.mend()
    return listed_clouds


def new_action() -> str:
    """Return the path of the actions of a server that no earlier test has used: the index outlives a test."""
    return f"{SERVERS}/{uuid4()}/action"


def resize(
    clouds: Clouds, reference: object, *, body: Any = None, path: str | None = None
) -> tuple[int, str, list[tuple[str, Any]]]:
    """Return the status, the message of the gateway if there is one, and the changes that were sent."""
    document = {"resize": {"flavorRef": reference}} if body is None else body
    got = clouds.ask("POST", path or new_action(), SCOPE, json.dumps(document).encode(), Content_Type="application/json")
    changes = [(seen.server, json.loads(seen.body)) for seen in clouds.seen if seen.method == "POST"]
    return got.status, got.message if got.status >= 400 else "", changes


def to(server: str, id_: object) -> list[tuple[str, Any]]:
    return [(server, {"resize": {"flavorRef": id_}})]


def test_the_flavor_of_the_list_is_the_equal_one_of_the_servers_cloud(clouds: Clouds) -> None:
    clouds.plays |= {
        "One": cloud([flavor("1", TINY)]),
        "Two": cloud([flavor("4", LARGE), flavor("5", ("m1.other", 1)), flavor("7", TINY)], has_server=True),
        "Three": cloud([]),
    }
    listed = json.loads(clouds.ask("GET", FLAVORS, SCOPE).body)["flavors"]
    (shown,) = [each["id"] for each in listed if each["name"] == TINY[0]]
    assert shown == "1"
    assert resize(clouds, shown) == (202, "", to("Two", "7"))
    assert resize(clouds, 1) == (202, "", to("Two", "7"))


def test_an_action_by_the_index_is_translated_too(clouds: Clouds) -> None:
    clouds.plays |= {"One": cloud([flavor("1", TINY)]), "Two": cloud([flavor("7", TINY)], has_server=True), "Three": cloud([])}
    path = new_action()
    for _ in range(2):
        assert resize(clouds, "1", path=path) == (202, "", to("Two", "7"))
    assert not [seen for seen in clouds.seen if seen.path.endswith(path.removesuffix("/action"))], "the index knows the server"


def test_a_server_that_another_cloud_has_by_now_gets_that_clouds_flavor(clouds: Clouds) -> None:
    path = new_action()
    clouds.plays |= {"One": cloud([flavor("1", TINY)]), "Two": cloud([flavor("7", TINY)], has_server=True), "Three": cloud([])}
    assert resize(clouds, "1", path=path) == (202, "", to("Two", "7"))
    clouds.plays |= {"Two": cloud([]), "Three": cloud([flavor("9", TINY)], has_server=True)}
    assert resize(clouds, "1", path=path) == (202, "", to("Three", "9"))


def test_a_peer_chooses_no_flavor_of_another_cloud(clouds: Clouds) -> None:
    """It says another thing of its id than in the list, which shows that id as it comes first."""
    clouds.plays |= {
        "One": cloud([flavor("7", TINY), flavor("8", LARGE)], has_server=True),
        "Two": cloud([flavor("0", TINY)]),
        "Three": cloud([]),
    }
    listed = json.loads(clouds.ask("GET", FLAVORS, SCOPE).body)["flavors"]
    assert [(each["id"], each["os_scope_cloud"]) for each in listed if each["name"] == TINY[0]] == [("0", "Two")]
    for sort, own in ((TINY, "7"), (LARGE, "8")):
        clouds.plays["Two"] = cloud([flavor("0", sort)])
        said = f"flavor '0' is '{sort[0]}' of Two; its equal of One is '{own}', which One accepts; nothing was changed"
        assert resize(clouds, "0") == (409, f"gateway of One: {said}", [])
    clouds.plays |= {"One": cloud([]), "Three": cloud([flavor("7", TINY)], has_server=True), "Two": cloud([flavor("0", TINY)])}
    assert resize(clouds, "0")[::2] == (409, [])
    assert resize(clouds, "7") == (202, "", to("Three", "7"))


@pytest.mark.parametrize("reference", ["2", LONG_ID, "no such", "../servers", "http://x/flavors/1", "", None, [], {"a": 1}])
def test_a_flavor_of_the_servers_cloud_and_one_of_no_cloud_are_sent_as_they_are(reference: object, clouds: Clouds) -> None:
    """The cloud itself refuses the latter."""
    own = [flavor("2", LARGE), flavor(LONG_ID, TINY)]
    clouds.plays |= {"One": cloud([]), "Two": cloud(own, has_server=True), "Three": cloud([])}
    assert resize(clouds, reference) == (202, "", to("Two", reference))


def test_equal_flavors_with_the_same_id_need_no_translation(clouds: Clouds) -> None:
    clouds.plays |= {name: cloud([flavor("1", TINY)], has_server=name == "Three") for name in CLOUDS}
    assert resize(clouds, "1") == (202, "", to("Three", "1"))


@pytest.mark.parametrize("owner", ["Two", "Three"])
def test_an_id_of_different_flavors_is_refused_with_their_clouds(owner: str, clouds: Clouds) -> None:
    """The merged list shows both: nobody knows which is meant."""
    clouds.plays |= {
        "One": cloud([flavor("1", TINY)]),
        "Two": cloud([flavor("1", LARGE), flavor("7", TINY)], has_server=owner == "Two"),
        "Three": cloud([flavor("7", TINY)], has_server=owner == "Three"),
    }
    status, message, changes = resize(clouds, "1")
    assert (status, changes) == (409, [])
    assert message == (
        "gateway of One: flavor '1' is 'm1.tiny' of One, but 'm1.large' of Two; nothing was changed; name one cloud, and its id"
    )


def test_a_flavor_that_the_servers_cloud_lacks_is_refused(clouds: Clouds) -> None:
    clouds.plays |= {
        "One": cloud([flavor("1", TINY)]),
        "Two": cloud([flavor("7", ("m1.tiny", 1024))], has_server=True),
        "Three": cloud([flavor("1", TINY)]),
    }
    status, message, changes = resize(clouds, "1")
    assert (status, changes) == (409, [])
    assert message == "gateway of One: Two has no flavor equal to '1', 'm1.tiny' of One; nothing was changed"


@pytest.mark.parametrize(("fails", "status"), [(500, 503), (429, 503), (403, 202), (401, 401)])
def test_a_cloud_that_may_have_another_flavor_of_the_id_is_asked(fails: int, status: int, clouds: Clouds) -> None:
    """One that refuses the user shows no flavor."""
    clouds.plays |= {
        "One": cloud([], fails=fails),
        "Two": cloud([flavor("1", TINY)], has_server=True),
        "Three": cloud([]),
    }
    got = clouds.ask("POST", new_action(), SCOPE, b'{"resize": {"flavorRef": "1"}}', Content_Type="application/json")
    assert (got.status, [seen.server for seen in clouds.seen if seen.method == "POST"]) == (status, ["Two"] * (status == 202))
    if status == 503:
        assert f"One answered {fails}; the flavor '1' is not certain; nothing was changed" in got.message


def test_a_uuid_of_the_servers_cloud_is_its_own_whatever_others_say(clouds: Clouds) -> None:
    clouds.plays |= {
        "One": cloud([], fails=500),
        "Two": cloud([flavor(LONG_ID, TINY)], has_server=True),
        "Three": cloud([]),
    }
    assert resize(clouds, LONG_ID) == (202, "", to("Two", LONG_ID))


def test_a_body_in_parts_is_translated_and_a_long_one_is_refused(clouds: Clouds) -> None:
    clouds.plays |= {"One": cloud([flavor("1", TINY)]), "Two": cloud([flavor("7", TINY)], has_server=True), "Three": cloud([])}
    got = clouds.ask("POST", new_action(), SCOPE, iter([b'{"resize": {"fl', b'avorRef": "1"}}']), Content_Type="application/json")
    assert got.status == 202
    assert [json.loads(seen.body) for seen in clouds.seen if seen.method == "POST"] == [{"resize": {"flavorRef": "7"}}]
    got = clouds.ask("POST", new_action(), SCOPE, b'{"resize": {"flavorRef": "1"}, "pad": "%s"}' % (b"x" * 200_000))
    assert got.status == 413
    assert [seen for seen in clouds.seen if seen.method == "POST"] == []


@pytest.mark.parametrize("body", [{"reboot": {"type": "SOFT"}}, {"resize": None}, [], {"resize": {}}, "resize"])
def test_other_bodies_ask_for_no_flavor(body: object, clouds: Clouds) -> None:
    clouds.plays |= {"One": cloud([flavor("1", TINY)]), "Two": cloud([], has_server=True), "Three": cloud([])}
    assert resize(clouds, None, body=body) == (202, "", [("Two", body)])
    assert not [seen for seen in clouds.seen if "/flavors" in seen.path]


def test_an_image_is_named_by_any_of_its_clouds(clouds: Clouds) -> None:
    """Nova of the server's cloud looks for it in its own cloud, and in the others if the scope has a part for images."""
    clouds.plays |= {"One": cloud([]), "Two": cloud([], has_server=True), "Three": cloud([])}
    body = json.dumps({"rebuild": {"imageRef": LONG_ID}}).encode()
    scope = f'{{"*": "{SCOPE}", "image": "{SCOPE}"}}'
    got = clouds.ask("POST", new_action(), scope, body, Content_Type="application/json")
    assert got.status == 202, got
    (sent,) = [seen for seen in clouds.seen if seen.method == "POST"]
    assert (sent.server, json.loads(sent.body)) == ("Two", {"rebuild": {"imageRef": LONG_ID}})
    in_token = json.loads(str(split_token(dict(sent.headers)["x-auth-token"])[1]))
    assert (in_token["*"], in_token["image"]) == ("Two", "Two | One | Three")
