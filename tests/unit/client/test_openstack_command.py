# SPDX-License-Identifier: Apache-2.0
"""The stock ``openstack`` command with the plugin: exit code, words, and requests at the cloud."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Answer, FakeCloud, OpenStack, Seen

TWO = '{"image": "CloudTwo"}'
WIRE = '{"image":"CloudTwo"}'
LIST = ("image", "list", "-f", "value", "-c", "Name")


@pytest.mark.parametrize("arguments", [("--os-scope", TWO, *LIST), (*LIST, "--os-scope", TWO), (*LIST, f"--os-scope={TWO}")])
def test_the_option_is_sent_with_every_request_wherever_it_stands(
    installed: OpenStack, cloud: FakeCloud, arguments: tuple[str, ...]
) -> None:
    done = installed(*arguments)
    assert (done.code, done.stdout, done.stderr) == (0, "cirros\n", "")
    assert cloud.scopes() == {WIRE}
    assert {request.path for request in cloud.seen} >= {"/identity/v3/auth/tokens", "/image/v2/images"}


def test_no_header_is_sent_without_a_scope(openstack: OpenStack, cloud: FakeCloud) -> None:
    assert openstack(*LIST).stdout == "cirros\n"
    assert cloud.scopes() == {None}


def test_project_names_and_aliases_travel_as_official_types(openstack: OpenStack, cloud: FakeCloud) -> None:
    assert openstack("--os-scope", '{"glance": "CloudTwo", "volumev3": "CloudTwo"}', *LIST).code == 0
    assert cloud.scopes() == {'{"image":"CloudTwo","block-storage":"CloudTwo"}'}


def test_the_option_wins_over_the_environment_and_that_over_clouds_yaml(openstack: OpenStack, cloud: FakeCloud) -> None:
    openstack.add("CloudOne", cloud, scope={"image": "FromEntry"})
    sent = []
    for environment, arguments in (
        ({"OPENSTACKOID_SCOPE": ""}, ()),
        ({"OPENSTACKOID_SCOPE": '{"image": "FromEnvironment"}'}, ()),
        ({"OPENSTACKOID_SCOPE": '{"image": "FromEnvironment"}'}, ("--os-scope", '{"image": "FromOption"}')),
        ({"OPENSTACKOID_SCOPE": '{"image": "FromEnvironment"}'}, ("--os-scope", "none")),
    ):
        cloud.seen.clear()
        openstack.environment = dict(environment)
        assert openstack(*LIST, *arguments).code == 0
        sent.append(cloud.scopes())
    assert sent == [*({f'{{"image":"{name}"}}'} for name in ("FromEntry", "FromEnvironment", "FromOption")), {None}]


def test_an_entrys_scope_may_be_written_as_json_too(openstack: OpenStack, cloud: FakeCloud) -> None:
    openstack.add("CloudOne", cloud, scope=TWO)
    assert openstack(*LIST).code == 0
    assert cloud.scopes() == {WIRE}


def test_a_malformed_option_ends_the_command_at_once(installed: OpenStack, cloud: FakeCloud) -> None:
    done = installed(*LIST, "--os-scope", '{"imagee": "CloudTwo"}')
    assert done.code == 2
    first, *rest = done.stderr.splitlines()
    assert first.startswith("openstack: --os-scope, column 2: unknown service 'imagee'; ")
    assert "image" in first.partition("among them: ")[2].split(", ")
    assert rest == ['{"imagee": "CloudTwo"}', " ^^^^^^^^"]
    assert (done.stdout, cloud.seen) == ("", [])


@pytest.mark.parametrize(
    ("where", "scope", "error"),
    [
        ("--os-scope", "", "--os-scope, column 1: a JSON object, or clouds with '|' and '&', is expected"),
        ("--os-scope", "{}", "--os-scope, column 2: the scope is empty"),
        (
            "OPENSTACKOID_SCOPE",
            '{"image": "A", "glance": "B"}',
            "OPENSTACKOID_SCOPE, column 16: the service 'glance' is named twice",
        ),
        ("clouds.yaml", {"image": None}, "clouds.yaml, scope of CloudOne, column 11: a cloud's name"),
        ("clouds.yaml", '{"image": "CloudTwo"', "clouds.yaml, scope of CloudOne, column 21: ',' or '}' is expected"),
    ],
)
def test_a_wrong_scope_of_any_source_is_an_error_before_any_request(
    openstack: OpenStack, cloud: FakeCloud, where: str, scope: Any, error: str
) -> None:
    arguments: tuple[str, ...] = ()
    if where == "--os-scope":
        arguments = (where, scope)
    elif where == "clouds.yaml":
        openstack.add("CloudOne", cloud, scope=scope)
    else:
        openstack.environment[where] = scope
    done = openstack(*LIST, *arguments)
    assert done.code == 2
    assert done.stderr.startswith(f"openstack: {error}")
    assert len(done.stderr.splitlines()) == 3
    assert cloud.seen == []


def test_an_unknown_cloud_is_refused_where_the_clouds_are_known(openstack: OpenStack, cloud: FakeCloud) -> None:
    openstack.add("CloudOne", cloud, scope_clouds=["CloudOne", "CloudTwo"])
    done = openstack(*LIST, "--os-scope", '{"image": "CloudTow"}')
    assert done.code == 2
    assert done.stderr.splitlines() == [
        "openstack: --os-scope, column 11: unknown cloud 'CloudTow'; known: CloudOne, CloudTwo",
        '{"image": "CloudTow"}',
        "          ^^^^^^^^^^",
    ]
    openstack.environment["OPENSTACKOID_CLOUDS"] = "CloudOne, CloudTow"
    assert cloud.seen == []
    assert openstack(*LIST, "--os-scope", '{"image": "CloudTow"}').code == 0


def test_the_names_of_services_of_its_own_are_the_clouds_to_give(openstack: OpenStack, cloud: FakeCloud) -> None:
    scope = '{"my-service": "CloudTwo", "image": "CloudTwo"}'
    assert openstack(*LIST, "--os-scope", scope).code == 2
    openstack.add("CloudOne", cloud, scope_services=["my-service"])
    assert openstack(*LIST, "--os-scope", scope).code == 0
    assert cloud.scopes() == {'{"my-service":"CloudTwo","image":"CloudTwo"}'}
    done = openstack(*LIST, "--os-scope", '{"my-servise": "CloudTwo"}')
    assert (done.code, "among them: my-service" in done.stderr) == (2, True)


@pytest.mark.parametrize("said", ["image=CloudTwo", " image = CloudTwo ", TWO])
@pytest.mark.parametrize("variable", ["OS_SCOPE", "OPENSTACKOID_SCOPE"])
def test_a_variable_holds_a_scope_in_either_form(openstack: OpenStack, cloud: FakeCloud, variable: str, said: str) -> None:
    openstack.environment[variable] = said
    assert openstack(*LIST).code == 0
    assert cloud.scopes() == {WIRE}


def test_the_option_accepts_the_short_form_and_points_at_errors_in_it(openstack: OpenStack, cloud: FakeCloud) -> None:
    assert openstack(*LIST, "--os-scope", "image=CloudTwo").code == 0
    assert cloud.scopes() == {WIRE}
    done = openstack(*LIST, "--os-scope", "image=CloudTwo,compute")
    assert done.code == 2
    assert done.stderr.splitlines()[1:] == ["image=CloudTwo,compute", f"{' ' * 15}{'^' * 7}"]


def test_debug_shows_the_scope_and_where_it_goes(openstack: OpenStack, cloud: FakeCloud) -> None:
    done = openstack("--debug", "--os-scope", TWO, *LIST)
    assert f"X-Scope: {WIRE} -> POST {cloud.url}/identity/v3/auth/tokens" in done.stderr
    assert "secret-password" not in done.stderr
    assert "a-token" not in done.stderr


def test_commands_without_a_cloud_work_and_show_the_scope(openstack: OpenStack, cloud: FakeCloud) -> None:
    shown = openstack("--os-scope", TWO, "configuration", "show", "-f", "json")
    assert json.loads(shown.stdout)["scope"] == TWO
    assert "scope: '{" in openstack("--os-scope", TWO, "configuration", "show", "-f", "yaml").stdout
    openstack.environment["OPENSTACKOID_SCOPE"] = "{"
    helped = openstack("--help")
    assert (helped.code, "--os-scope <scope>" in helped.stdout) == (0, True)
    assert openstack("complete").code == 0
    assert cloud.seen == []


def test_an_interactive_session_keeps_its_scope(openstack: OpenStack, cloud: FakeCloud) -> None:
    done = openstack("--os-scope", TWO, stdin="image list\nimage list\nquit\n")
    assert done.stdout.count("cirros") == 4, done.stderr
    assert cloud.scopes() == {WIRE}


def test_other_hosts_never_see_the_scope_or_a_token(
    openstack: OpenStack, cloud: FakeCloud, new_cloud: Callable[[], FakeCloud]
) -> None:
    catalogued, stranger = new_cloud(), new_cloud()
    cloud.add_identity(f"{catalogued.url}/image")
    catalogued.add_images("cirros")
    stranger.add_images("elsewhere")
    catalogued.routes["GET", "/image/v2/images"] = Answer(302, {}, (("Location", f"{stranger.url}/image/v2/images"),))
    done = openstack("--os-scope", TWO, *LIST)
    assert (done.stdout, stranger.seen) == ("", [])
    assert f"{stranger.url}/image/v2/images is not an endpoint of the cloud, so the token is not sent there" in done.stderr
    assert (cloud.scopes(), catalogued.scopes()) == ({WIRE}, {WIRE})


def test_an_endpoint_that_the_user_configured_is_the_clouds(openstack: OpenStack, new_cloud: Callable[[], FakeCloud]) -> None:
    home, overriding = new_cloud(), new_cloud()
    home.add_identity(f"{home.url}/image")
    overriding.add_images("overridden")
    openstack.add("CloudOne", home, image_endpoint_override=f"{overriding.url}/image")
    assert openstack("--os-scope", TWO, *LIST).stdout == "overridden\n"
    assert (home.scopes(), overriding.scopes()) == ({WIRE}, {WIRE})


def test_a_token_instead_of_a_password_carries_the_scope_too(openstack: OpenStack, cloud: FakeCloud) -> None:
    token = (
        "--os-auth-type",
        "token",
        "--os-token",
        "t",
        "--os-auth-url",
        f"{cloud.url}/identity/v3",
        "--os-project-name",
        "demo",
    )
    openstack.environment["OS_CLIENT_CONFIG_FILE"] = "/dev/null"
    done = openstack(*token, "--os-identity-api-version", "3", "--os-scope", TWO, *LIST)
    assert (done.code, done.stdout) == (0, "cirros\n"), done.stderr
    assert cloud.scopes() == {WIRE}


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (("image", "list"), "/image/v2/images"),
        (("server", "list"), "/compute/v2.1/servers/detail"),
        (("project", "list"), "/identity/v3/projects"),
        (("token", "issue"), "/identity/v3/auth/tokens"),
    ],
)
def test_a_gateways_refusal_is_readable(openstack: OpenStack, cloud: FakeCloud, command: tuple[str, ...], path: str) -> None:
    said = "unknown cloud 'CloudTow'; known: CloudOne, CloudTwo"
    method = "POST" if path.endswith("tokens") else "GET"
    cloud.routes[method, path] = Answer(400, {"error": {"code": 400, "title": "Bad Request", "message": said}})
    version = {"id": "v2.1", "status": "CURRENT", "links": [{"rel": "self", "href": f"{cloud.url}/compute/v2.1/"}]}
    cloud.routes["GET", "/compute/v2.1"] = Answer(200, {"version": version})
    done = openstack("--os-scope", '{"image": "CloudTow"}', *command)
    assert done.code == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", ["/image", "/identity/v3"])
def test_a_gateways_refusal_of_version_discovery_is_readable_once(openstack: OpenStack, cloud: FakeCloud, path: str) -> None:
    said = "the image service of CloudTwo cannot be reached"
    cloud.routes["GET", path] = Answer(503, {"error": {"code": 503, "title": "Service Unavailable", "message": said}})
    done = openstack("--os-scope", TWO, *LIST)
    assert done.code == 1
    assert done.stderr.count(f"{path} answers 503 to the scope {WIRE}: {said}\n") == 1, done.stderr


def test_force_is_sent_with_the_scope_and_is_an_error_without(openstack: OpenStack, cloud: FakeCloud) -> None:
    assert openstack("--os-scope", TWO, "--os-scope-force", *LIST).code == 0
    assert {(request.scope, request.force) for request in cloud.seen} == {(WIRE, "true")}
    cloud.seen.clear()
    done = openstack(*LIST, "--os-scope-force")
    assert (done.code, cloud.seen) == (2, [])
    assert done.stderr == "openstack: --os-scope-force (or scope_force, or force=True) needs a scope, and there is none\n"


def recorded(seen: Seen) -> Answer | None:
    """Answer as a gateway that recorded one hop of each request."""
    if not seen.path.startswith("/.openstackoid/trace/"):
        return None
    hop: dict[str, Any] = {
        "gateway": "CloudOne",
        "cloud": "CloudTwo",
        "service": "image",
        "interface": "public",
        "method": "GET",
        "path": "/x",
    }
    hop |= {"status": 200, "started": 1.0, "seconds": 0.1, "route": "remote", "via": "header"}
    return Answer(200, {"hops": [hop], "missing": []})


def test_trace_shows_every_request_once_after_the_commands_own_output(openstack: OpenStack, cloud: FakeCloud) -> None:
    cloud.otherwise = recorded
    done = openstack("--trace", "--os-scope", TWO, *LIST)
    assert (done.code, done.stdout) == (0, "cirros\n")
    first, *tree = done.stderr.splitlines()
    requests = [seen for seen in cloud.seen if not seen.path.startswith("/.openstackoid")]
    assert first.startswith(f"trace: {len(requests)} requests, ")
    assert len([line for line in tree if line.startswith(("├── ", "└── "))]) == len(requests)
    assert sum("CloudOne -> CloudTwo image: GET /x 200, 100 ms, scope in X-Scope" in line for line in tree) == len(requests)
    assert "└── GET /image/v2/images 200, " in done.stderr
    assert len({seen.request_id for seen in requests}) == len(requests)
    assert all(seen.request_id is not None and seen.request_id.startswith("req-7472ace0-") for seen in requests)
    pages = [seen for seen in cloud.seen if seen not in requests]
    assert {(seen.scope, seen.request_id) for seen in pages} == {(None, None)}


def test_trace_of_a_command_that_failed_comes_after_its_error(openstack: OpenStack, cloud: FakeCloud) -> None:
    cloud.otherwise = recorded
    cloud.routes["GET", "/image/v2/images"] = Answer(400, {"error": {"code": 400, "message": "what is wrong"}})
    done = openstack("--trace", *LIST)
    assert done.code == 1
    assert 0 < done.stderr.index("what is wrong") < done.stderr.index("trace: ")
    assert "└── GET /image/v2/images 400, " in done.stderr


def test_without_the_option_no_request_is_marked_and_no_trace_printed(openstack: OpenStack, cloud: FakeCloud) -> None:
    assert openstack("--os-scope", TWO, *LIST).stderr == ""
    assert {seen.request_id for seen in cloud.seen} == {None}


def test_an_interactive_session_tells_of_each_command(openstack: OpenStack, cloud: FakeCloud) -> None:
    cloud.otherwise = recorded
    done = openstack("--trace", stdin="image list\nimage list\nquit\n")
    assert done.stderr.count("trace: ") == 2, done.stderr


def test_a_stranger_never_sees_a_traced_id(openstack: OpenStack, cloud: FakeCloud, new_cloud: Callable[[], FakeCloud]) -> None:
    stranger = new_cloud()
    stranger.add_images("elsewhere")
    cloud.routes["GET", "/image/v2/images"] = Answer(302, {}, (("Location", f"{stranger.url}/image/v2/images"),))
    done = openstack("--trace", *LIST)
    assert (done.stdout, stranger.seen) == ("", [])
