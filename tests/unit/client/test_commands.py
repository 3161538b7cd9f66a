# SPDX-License-Identifier: Apache-2.0
"""``openstack scope show`` and ``openstack scope list``, as their user sees them."""

import json
from typing import Any

import pytest

from .conftest import Answer, FakeCloud, OpenStack

TWO = '{"image": "CloudTwo"}'
PAGE = "/.openstackoid/mesh"
USER_PAGE = "/.openstackoid/user"
HOME: dict[str, Any] = {
    "cloud": "CloudOne",
    "user": {"id": "u", "name": "demo", "domain": "Default"},
    "project": {"id": "p", "name": "demo", "domain": "Default"},
    "roles": ["member", "reader"],
    "rule": None,
    "reason": None,
}
THERE = {**HOME, "cloud": "CloudTwo", "project": {"id": "q", "name": "demo", "domain": "Default"}, "rule": "*/members"}
OUTSIDE: dict[str, Any] = {
    "cloud": "CloudThree",
    "user": None,
    "project": None,
    "roles": [],
    "rule": None,
    "reason": "not let in",
}


@pytest.fixture
def mesh(cloud: FakeCloud) -> FakeCloud:
    cloud.add_mesh(
        CloudOne={"identity": "up", "compute": "up", "image": "up"},
        CloudTwo={"identity": "up", "image": "down"},
    )
    cloud.routes["GET", USER_PAGE] = Answer(200, {"identity": "CloudOne", "clouds": [HOME, THERE]})
    return cloud


def test_the_list_needs_no_login(openstack: OpenStack, mesh: FakeCloud) -> None:
    done = openstack("scope", "list", "-f", "value", "--os-scope", TWO)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "CloudOne True compute up",
        "CloudOne True identity up",
        "CloudOne True image up",
        "CloudTwo False identity up",
        "CloudTwo False image down",
    ]
    assert [(seen.path, seen.scope) for seen in mesh.seen] == [(PAGE, None)]


def test_a_cloud_without_services_is_listed_too(openstack: OpenStack, cloud: FakeCloud) -> None:
    cloud.add_mesh(CloudOne={"image": "up"}, CloudTwo={})
    rows = json.loads(openstack("scope", "list", "-f", "json").stdout)
    assert rows[1] == {"Cloud": "CloudTwo", "Home": False, "Service": "", "Health": "up"}


def test_without_a_gateway_the_error_is_one_line(openstack: OpenStack, cloud: FakeCloud) -> None:
    done = openstack("scope", "list")
    assert done.code == 1
    assert done.stderr == f"no gateway of OpenStackoid answers at {cloud.url}: {PAGE} is not found there\n"
    gone = FakeCloud(url="http://127.0.0.1:1")
    openstack.add("CloudOne", gone)
    done = openstack("scope", "list")
    assert (done.code, done.stderr) == (1, "no gateway can be asked at http://127.0.0.1:1: it cannot be reached\n")
    openstack.environment["OS_CLIENT_CONFIG_FILE"] = "/dev/null"
    done = openstack("scope", "list")
    assert (done.code, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("there is no authentication URL")


def test_show_tells_source_home_and_services(openstack: OpenStack, mesh: FakeCloud) -> None:
    done = openstack("scope", "show", "-f", "json", "--os-scope", '{"glance": "CloudTwo"}')
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "scope": {"image": "CloudTwo"},
        "from": "--os-scope",
        "home": "CloudOne",
        "completed": {"*": "CloudOne", "image": "CloudTwo"},
        "services": [
            {"service": "compute", "cloud": "CloudOne", "because of": "home", "health": "up"},
            {"service": "identity", "cloud": "CloudOne", "because of": "home", "health": "up"},
            {"service": "image", "cloud": "CloudTwo", "because of": "own entry", "health": "down"},
        ],
        "user": [HOME, THERE],
    }
    assert [seen.scope for seen in mesh.seen if seen.path == USER_PAGE] == ['{"image":"CloudTwo"}']


@pytest.mark.parametrize(
    ("said", "sent", "compute"),
    [
        ("image=CloudTwo|CloudOne", '{"image":"CloudTwo | CloudOne"}', ("CloudOne", "home", "up")),
        ("CloudTwo;CloudOne", '{"*":"CloudTwo | CloudOne"}', ("CloudTwo | CloudOne", "*", "missing, up")),
    ],
)
def test_show_tells_the_health_of_each_of_several_clouds(
    said: str, sent: str, compute: tuple[str, str, str], openstack: OpenStack, mesh: FakeCloud
) -> None:
    done = openstack("scope", "show", "-f", "json", "--os-scope", said)
    assert done.stderr == ""
    services = {row["service"]: (row["cloud"], row["because of"], row["health"]) for row in json.loads(done.stdout)["services"]}
    assert services["image"] == ("CloudTwo | CloudOne", "own entry" if "image" in said else "*", "down, up")
    assert services["compute"] == compute
    assert services["identity"] == ("CloudOne", "home", "up")
    assert [seen.scope for seen in mesh.seen if seen.path == USER_PAGE] == [sent]


def test_show_draws_an_expression_of_several_clouds(openstack: OpenStack, mesh: FakeCloud) -> None:
    done = openstack("scope", "show", "-c", "expressions", "--os-scope", "image=CloudTwo|CloudOne")
    drawn = [line.strip("| ").removeprefix("expressions").strip("| ") for line in done.stdout.splitlines()[3:-1]]
    assert drawn == ["image: CloudTwo | CloudOne", "├── CloudTwo  down", "└── CloudOne  up, asked now"]
    done = openstack("scope", "show", "-f", "json", "-c", "expressions", "--os-scope", "CloudOne&CloudTwo")
    both = [{"expression": "CloudOne", "asked": True, "health": "up"}, {"expression": "CloudTwo", "asked": True}]
    assert json.loads(done.stdout)["expressions"] == [
        {
            "services": [service],
            "expression": "CloudOne & CloudTwo",
            "asked": True,
            "members": [both[0], {**both[1], "health": health}],
        }
        for service, health in (("compute", "missing"), ("image", "down"))
    ]


TIMES = "/.openstackoid/round-trips"


def test_show_tells_the_clouds_that_are_near_and_those_that_are_left_out(openstack: OpenStack, mesh: FakeCloud) -> None:
    mesh.add_mesh(CloudOne={"image": "up"}, CloudTwo={"image": "down"}, CloudThree={"image": "up"}, CloudFour={"image": "up"})
    rows = [{"name": "CloudTwo", "milliseconds": 4.5}, {"name": "CloudThree", "milliseconds": 38.25}]
    mesh.routes["GET", TIMES] = Answer(200, {"gateway": "CloudOne", "from": "CloudOne", "clouds": rows})
    done = openstack("scope", "show", "-f", "json", "--os-scope", "image=around(CloudOne, 10ms)")
    assert done.stderr == ""
    shown = json.loads(done.stdout)
    assert shown["scope"] == {"image": "around(CloudOne, 10ms)"}
    assert shown["completed"] == {"*": "CloudOne", "image": "CloudOne | CloudTwo"}
    assert shown["services"] == [
        {"service": "image", "cloud": "CloudOne | CloudTwo", "because of": "own entry", "health": "up, down"}
    ]
    assert shown["near"] == [
        {
            "expression": "around(CloudOne, 10ms)",
            "clouds": [{"cloud": "CloudOne", "milliseconds": 0.0}, {"cloud": "CloudTwo", "milliseconds": 4.5}],
            "farther": [{"cloud": "CloudThree", "milliseconds": 38.25}],
            "unknown": ["CloudFour"],
        }
    ]
    assert [seen.scope for seen in mesh.seen if seen.path == USER_PAGE] == ['{"image":"CloudOne | CloudTwo"}']
    lines = openstack("scope", "show", "-c", "near", "--os-scope", "nearest(CloudOne)").stdout.splitlines()
    assert [line.split("|")[2].strip() for line in lines if "left out" in line or "nearest" in line] == [
        "nearest(CloudOne): CloudOne 0 ms, CloudTwo 4.5 ms, CloudThree 38.25 ms",
        "left out: CloudFour (no time is known)",
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "the gateway is of an older release, which does not serve around and nearest"),
        (Answer(200, {"clouds": [{"name": "CloudTwo", "milliseconds": -1}]}), "so the clouds that are near are not shown"),
        (Answer(200, {"clouds": [{"name": "CloudTwo", "milliseconds": "1"}]}), "so the clouds that are near are not shown"),
        (Answer(200, {"clouds": 1}), "so the clouds that are near are not shown"),
    ],
)
def test_show_without_times(answer: Answer | None, words: str, openstack: OpenStack, mesh: FakeCloud) -> None:
    if answer is not None:
        mesh.routes["GET", TIMES] = answer
    done = openstack("scope", "show", "-f", "json", "--os-scope", "image=around(CloudOne, 10ms)")
    assert words in done.stderr
    assert json.loads(done.stdout)["scope"] == {"image": "around(CloudOne, 10ms)"}
    assert "near" not in json.loads(done.stdout)


def test_an_operator_that_is_not_served_ends_the_command(openstack: OpenStack, mesh: FakeCloud) -> None:
    done = openstack("image", "list", "--os-scope", "image=(CloudOne&CloudTwo|CloudOne)&CloudTwo")
    assert (done.code, mesh.seen) == (2, [])
    message, shown, carets = done.stderr.strip().split("\n")[-3:]
    assert message.endswith("--os-scope, column 7: '&' within '|' within '&' is not served; (A | B) & C and A & B | C are")
    assert (shown, carets) == ("image=(CloudOne&CloudTwo|CloudOne)&CloudTwo", " " * 6 + "^" * 37)


def test_show_for_a_person(openstack: OpenStack, mesh: FakeCloud) -> None:
    openstack.environment["OPENSTACKOID_SCOPE"] = '{"*": "CloudTwo"}'
    mesh.routes["GET", USER_PAGE] = Answer(200, {"clouds": [HOME, THERE, OUTSIDE]})
    done = openstack("scope", "show", "-f", "table")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line[0] == "|"]
    assert rows[1:] == [
        ["scope", '{"*": "CloudTwo"}'],
        ["from", "OPENSTACKOID_SCOPE"],
        ["home", "CloudOne"],
        ["completed", '{"*": "CloudTwo"}'],
        ["services", "compute   CloudTwo  *  missing"],
        ["", "identity  CloudTwo  *  up"],
        ["", "image     CloudTwo  *  down"],
        ["user", "CloudOne    user     u  demo"],
        ["", "project  p  demo"],
        ["", "roles    member, reader"],
        ["", "CloudTwo    user     u  demo"],
        ["", "project  q  demo"],
        ["", "rule     */members"],
        ["", "roles    member, reader"],
        ["", "CloudThree  reason   not let in"],
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "the gateway is of an older release"),
        (Answer(200, {"clouds": [{}]}), f"{USER_PAGE} does not answer as a gateway of OpenStackoid does"),
        (Answer(200, {"clouds": [{**HOME, "roles": ["\x1b"]}]}), "does not answer as a gateway of OpenStackoid does"),
        (Answer(403, {"error": {"message": "a token without a project"}}), f"{USER_PAGE} answers 403: a token without a project"),
    ],
)
def test_show_where_the_user_is_not_told(openstack: OpenStack, mesh: FakeCloud, answer: Answer | None, words: str) -> None:
    del mesh.routes["GET", USER_PAGE]
    if answer is not None:
        mesh.routes["GET", USER_PAGE] = answer
    done = openstack("scope", "show", "-f", "json")
    shown = json.loads(done.stdout)
    assert (done.code, shown["home"], shown["user"], done.stderr.count("\n")) == (0, "CloudOne", None, 1)
    assert words in done.stderr
    assert "your identity in each cloud is not shown" in done.stderr


def test_show_after_a_failed_log_in(openstack: OpenStack, mesh: FakeCloud) -> None:
    mesh.routes["POST", "/identity/v3/auth/tokens"] = Answer(401, {"error": {"code": 401, "message": "No."}})
    done = openstack("scope", "show", "-f", "json")
    shown = json.loads(done.stdout)
    assert (done.code, shown["home"], shown["user"], done.stderr.count("\n")) == (0, "CloudOne", None, 1)
    assert done.stderr.startswith("you cannot be logged in: ")
    assert USER_PAGE not in {seen.path for seen in mesh.seen}


def test_show_without_a_scope(openstack: OpenStack, mesh: FakeCloud) -> None:
    shown = json.loads(openstack("scope", "show", "-f", "json").stdout)
    assert (shown["scope"], shown["from"], shown["completed"]) == (None, "none", None)
    assert {row["because of"] for row in shown["services"]} == {"home"}


def test_show_without_a_gateway_shows_scope_and_source(openstack: OpenStack, cloud: FakeCloud) -> None:
    openstack.add("CloudOne", cloud, scope={"image": "CloudTwo"})
    done = openstack("scope", "show", "-f", "json")
    shown = json.loads(done.stdout)
    assert (done.code, shown["scope"], shown["from"]) == (0, {"image": "CloudTwo"}, "clouds.yaml, scope of CloudOne")
    assert (shown["home"], shown["completed"], shown["services"]) == (None, None, None)
    assert done.stderr.count("\n") == 1
    assert "no gateway of OpenStackoid answers" in done.stderr


def test_show_of_a_scope_in_the_url_and_of_two_that_differ(openstack: OpenStack, mesh: FakeCloud) -> None:
    url = f"{mesh.url}/identity/scope/image=CloudTwo/v3"
    shown = json.loads(openstack("scope", "show", "-f", "json", "--os-auth-url", url).stdout)
    assert (shown["scope"], shown["from"], shown["home"]) == ({"image": "CloudTwo"}, "the authentication URL", "CloudOne")
    done = openstack("scope", "show", "--os-auth-url", url, "--os-scope", '{"image": "CloudOne"}')
    assert done.code == 1
    assert done.stderr.startswith("two scopes differ, which a gateway refuses: ")
    assert done.stderr.count("\n") == 1


def test_a_page_that_is_a_redirect_is_not_followed(openstack: OpenStack, cloud: FakeCloud) -> None:
    cloud.routes["GET", PAGE] = Answer(302, {}, (("Location", f"{cloud.url}/elsewhere"),))
    done = openstack("scope", "list")
    assert done.stderr == f"{cloud.url}{PAGE} answers 302\n"
