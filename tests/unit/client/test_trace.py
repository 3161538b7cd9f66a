# SPDX-License-Identifier: Apache-2.0
"""The requests of a command, followed: their ids, and the tree that is shown."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from openstackoid.client import trace as module
from openstackoid.client.adapter import mount
from openstackoid.client.origins import CloudOrigins
from openstackoid.client.trace import PREFIX, Trace, is_marked, new_id

from .conftest import Answer, FakeCloud, Seen

PAGES = "/.openstackoid/trace/"
FORM = re.compile(r"req-7472ace0-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def without_chance(text: str) -> str:
    """Return a tree without the parts that differ from run to run."""
    return re.sub(r"req-7472ace0-[0-9a-f-]{27}", "ID", re.sub(r"\b\d+ ms", "N ms", text))


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def session(cloud: FakeCloud, out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[requests.Session]:
    """Give a session whose requests to the cloud are followed."""
    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    session = requests.Session()
    own = CloudOrigins({"auth": {"auth_url": cloud.url}}, lambda: None)
    mount(session, None, own, trace=Trace(lambda: out))
    yield session
    session.close()


def record(**more: Any) -> dict[str, Any]:
    fields = {"gateway": "CloudOne", "cloud": "CloudTwo", "service": "image", "interface": "public", "method": "GET"}
    return {**fields, "path": "/image", "status": 200, "started": 1.0, "seconds": 0.2, "route": "remote", "via": "header", **more}


def recording(hops: list[dict[str, Any]], missing: object = ()) -> Callable[[Seen], Answer | None]:
    """Return the answer of a gateway with these records for every id."""

    def otherwise(seen: Seen) -> Answer | None:
        if not seen.path.startswith(PAGES):
            return None
        return Answer(200, {"id": seen.path.removeprefix(PAGES), "hops": hops, "missing": missing})

    return otherwise


def asked(cloud: FakeCloud) -> list[str]:
    return [seen.path.removeprefix(PAGES) for seen in cloud.seen if seen.path.startswith(PAGES)]


def test_an_id_is_a_request_id_of_openstack_and_fresh() -> None:
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(FORM.fullmatch(found) and is_marked(found) for found in ids)


def test_each_request_has_an_id_of_its_own_by_which_its_hops_are_fetched(
    session: requests.Session, cloud: FakeCloud, out: io.StringIO
) -> None:
    cloud.otherwise = recording([record(), record(gateway="CloudTwo", route="local", started=1.01, seconds=0.1, via="token")])
    session.get(f"{cloud.url}/image/v2/images?secret=word")
    session.post(f"{cloud.url}/nowhere")
    session.close()
    ids = [seen.request_id for seen in cloud.seen if not seen.path.startswith("/.")]
    assert len(set(ids)) == 2
    assert all(found is not None and FORM.fullmatch(found) for found in ids)
    assert asked(cloud) == ids
    shown = without_chance(out.getvalue())
    hops = [
        "CloudOne -> CloudTwo image: GET /image 200, N ms, scope in X-Scope",
        "CloudTwo image: GET /image 200, N ms, scope in the token",
    ]
    assert shown.splitlines() == [
        "trace: 2 requests, N ms",
        "├── GET /image/v2/images 200, N ms, ID",
        f"│   └── {hops[0]}",
        f"│       └── {hops[1]}",
        "└── POST /nowhere 404, N ms, ID",
        f"    └── {hops[0]}",
        f"        └── {hops[1]}",
    ]


def test_the_trace_is_printed_once(session: requests.Session, cloud: FakeCloud, out: io.StringIO) -> None:
    cloud.otherwise = recording([])
    session.get(f"{cloud.url}/image")
    session.close()
    first = out.getvalue()
    session.close()
    assert out.getvalue() == first
    session.get(f"{cloud.url}/image")
    session.close()
    assert out.getvalue().count("trace: 1 request,") == 2


def test_without_a_request_no_trace_is_printed(session: requests.Session, out: io.StringIO) -> None:
    session.close()
    assert out.getvalue() == ""


def test_an_id_that_is_there_is_kept(session: requests.Session, cloud: FakeCloud, out: io.StringIO) -> None:
    cloud.otherwise = recording([record()])
    ours, theirs = new_id(), "req-12345678-1234-4234-8234-123456789012"
    for given in (theirs, ours, ours.encode(), PREFIX + "x/../../mesh"):
        session.get(f"{cloud.url}/image/v2/images", headers={"X-OpenStack-Request-ID": given})
    session.close()
    assert [seen.request_id for seen in cloud.seen][:4] == [theirs, ours, ours, PREFIX + "x/../../mesh"]
    assert asked(cloud) == [ours, ours]
    assert out.getvalue().count("└── not traced: it has a request id of its own") == 2


def test_a_stranger_gets_no_id_not_even_after_a_redirect(
    session: requests.Session, cloud: FakeCloud, new_cloud: Callable[[], FakeCloud]
) -> None:
    stranger = new_cloud()
    cloud.routes["GET", "/away"] = Answer(302, {}, (("Location", f"{stranger.url}/there"),))
    theirs = "req-12345678-1234-4234-8234-123456789012"
    session.get(f"{cloud.url}/away")
    session.get(f"{stranger.url}/x", headers={"X-OpenStack-Request-Id": new_id()})
    session.get(f"{stranger.url}/x", headers={"X-OpenStack-Request-Id": theirs})
    session.close()
    assert [(seen.path, seen.request_id) for seen in stranger.seen] == [("/there", None), ("/x", None), ("/x", theirs)]


def test_a_gateway_is_given_a_moment_to_write_its_record(session: requests.Session, cloud: FakeCloud, out: io.StringIO) -> None:
    known = recording([record()])
    cloud.otherwise = lambda seen: known(seen) if len(asked(cloud)) > 2 else None
    session.get(f"{cloud.url}/image")
    session.close()
    assert len(asked(cloud)) == 3
    assert "CloudOne -> CloudTwo image" in out.getvalue()


def test_unrecorded_requests_are_reported_without_waiting_for_each(
    session: requests.Session, cloud: FakeCloud, out: io.StringIO
) -> None:
    for _ in range(20):
        session.get(f"{cloud.url}/image")
    session.close()
    assert out.getvalue().count("── no gateway recorded it\n") == 20
    assert 20 < len(asked(cloud)) < 26


def test_missing_records_are_reported_once(session: requests.Session, cloud: FakeCloud, out: io.StringIO) -> None:
    gap = {"cloud": "CloudTwo", "reason": "its gateway cannot be\x1b reached"}
    cloud.otherwise = recording([record(), "nonsense"], [gap, "nonsense"])  # type: ignore[list-item]
    session.get(f"{cloud.url}/image")
    session.get(f"{cloud.url}/image")
    session.close()
    assert out.getvalue().endswith("\nnot told by CloudTwo: its gateway cannot be? reached\n")
    assert out.getvalue().count("not told by") == 1


def test_a_request_without_an_answer_is_shown_and_its_gateway_asked_once(
    session: requests.Session, cloud: FakeCloud, out: io.StringIO
) -> None:
    def nobody(*_: object, **__: object) -> requests.Response:
        raise requests.ConnectionError("secret")

    session.get_adapter(cloud.url).wrapped.send = nobody  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            session.get(f"{cloud.url}/image")
    session.close()
    assert without_chance(out.getvalue()).splitlines() == [
        "trace: 2 requests, N ms",
        "├── GET /image no answer, N ms, ID",
        f"│   └── no gateway can be asked at {cloud.url}: it cannot be reached",
        "└── GET /image no answer, N ms, ID",
        f"    └── no gateway can be asked at {cloud.url}: it cannot be reached",
    ]
