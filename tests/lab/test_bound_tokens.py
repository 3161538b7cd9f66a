# SPDX-License-Identifier: Apache-2.0
"""CloudTwo's operator has everything of CloudTwo, its gateway's certificate too, and gets from CloudOne what delegation names."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from examples.coverage import Lab
from examples.session import User
from lab.as_gateway import as_gateway, certificate_of
from lab.logins import Logins
from lab.meaning import World
from lab.recorder import Recorder
from lab.second_glance import glance_again, served_by
from lab.token_validator import validator_account
from lab.tokens import service_token, token_of
from openstackoid.binding import KeyRepository, Kind
from openstackoid.bridge.binding.binder import Binder
from openstackoid.scope import join_token

SHOWN = re.compile(rb"x-auth-token: (bound1\.[A-Za-z0-9_-]+~[A-Za-z0-9_-]+)\r\n", re.IGNORECASE)
COMPUTE_THERE = '{"*":"CloudOne","compute":"CloudTwo"}'
EIGHT = (
    '{"*":"CloudOne","block-storage":"CloudOne","compute":"CloudOne","identity":"CloudOne","image":"CloudTwo",'
    '"network":"CloudOne","object-store":"CloudOne","placement":"CloudOne"}'
)


@pytest.fixture(scope="module")
def clouds(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("bound-tokens"))


@pytest.fixture(scope="module")
def strict(clouds: Lab, relays: ExitStack) -> Iterator[Recorder]:
    """The services of both clouds recorded; CloudOne has no policy of delegation but the default."""
    recorder = Recorder()
    relays.callback(recorder.close)

    def change(mesh: dict[str, Any]) -> None:
        recorder.describe(mesh)
        del mesh["clouds"]["CloudOne"]["policy"]["delegation"]

    with clouds.described(change):
        yield recorder


@pytest.fixture(scope="module")
def shown(world: World, strict: Recorder) -> str:
    """A token of CloudOne's user as CloudTwo's services are shown it, with the scope behind it."""
    asks = {"X_Auth_Token": token_of(User("CloudOne")), "X_Scope": COMPUTE_THERE}
    assert world.ask("GET", "CloudOne", "compute", "/v2.1/flavors", **asks).ok
    found: list[bytes] = SHOWN.findall(strict.of("CloudTwo", "compute"))
    return found[-1].decode()


def test_by_default_a_peer_validates_a_token_and_reads_images_and_does_nothing_else(world: World, shown: str) -> None:
    bare = shown.partition("~")[0]
    status, told = as_gateway(world, certificate_of("CloudTwo"), "GET", "identity", "/v3/auth/tokens", bare, X_Subject_Token=bare)
    assert (status, '"name": "demo"' in told) == (200, True)
    assert "gAAAAA" not in told
    status, told = as_gateway(world, certificate_of("CloudTwo"), "GET", "image", "/v2/images", shown)
    assert (status, "gAAAAA" in told) == (200, False)
    refused = [
        ("GET", "network", "/v2.0/ports"),
        ("GET", "identity", "/v3/users"),
        ("GET", "identity", "/v3/auth/projects"),
        ("DELETE", "identity", "/v3/auth/tokens"),
        ("POST", "image", "/v2/images"),
    ]
    for method, service, path in refused:
        status, told = as_gateway(world, certificate_of("CloudTwo"), method, service, path, shown, X_Subject_Token=bare)
        assert (status, "gateway of CloudOne: " in told, "gAAAAA" in told) == (403, True, False), (method, path)


def test_without_its_certificate_or_under_another_scope_it_is_worth_nothing(world: World, shown: str) -> None:
    bare = shown.partition("~")[0]
    changed = f"{bare[:40]}{'A' if bare[40] != 'A' else 'B'}{bare[41:]}"
    for cloud, token in (
        (None, shown),
        (None, bare),
        ("CloudOne", shown),
        ("CloudTwo", bare),
        ("CloudTwo", join_token(bare, '{"*":"CloudOne","block-storage":"CloudTwo"}')),
        ("CloudTwo", join_token(changed, COMPUTE_THERE)),
    ):
        assert as_gateway(world, certificate_of(cloud), "GET", "image", "/v2/images", token)[0] == 401, (cloud, token)


def test_each_use_and_each_misuse_is_in_the_audit_log(lab: Any, world: World, shown: str) -> None:
    as_gateway(world, certificate_of("CloudTwo"), "GET", "image", "/v2/images", shown)
    as_gateway(world, None, "GET", "image", "/v2/images", shown)
    (log,) = Path(lab["state_dir"]).rglob("CloudOne/audit.log")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    told = [(line["sender"], line["rule"], line["status"]) for line in lines if line["home"] == line["gateway"] == "CloudOne"]
    assert ("CloudTwo", "delegation of CloudTwo/images", 200) in told
    assert (None, None, 401) in told


@pytest.fixture
def small_buffer(clouds: Lab, tmp_path: Path) -> Iterator[str]:
    """CloudTwo's Glance behind a uWSGI with its default for the head of a request, 4 KiB."""

    def change(conf: Path) -> None:
        ini = (conf / "uwsgi.ini").read_text()
        assert "buffer-size = 65535\n" in ini
        (conf / "uwsgi.ini").write_text(ini.replace("buffer-size = 65535\n", ""))

    with glance_again(clouds, tmp_path / "glance", change) as address:
        assert requests.get(f"{address}/versions", headers={"X-Filler": "a" * 3000}, timeout=60).ok
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{address}/versions", headers={"X-Filler": "a" * 4096}, timeout=60)
        yield address


def test_a_boot_with_two_bound_tokens_and_a_scope_of_eight_entries_passes_uwsgis_default(
    clouds: Lab, one: User, small_buffer: str, relays: ExitStack
) -> None:
    recorder = Recorder()
    relays.callback(recorder.close)

    def change(mesh: dict[str, Any]) -> None:
        served_by(small_buffer)(mesh)
        recorder.describe(mesh)

    with clouds.described(change):
        boot = ("server", "create", "--flavor", "m1.tiny", "--image", "cirros", "--network", "lab", "--wait", "eight")
        created = one.openstack(*boot, "-f", "value", "-c", "status", scope=EIGHT)
        deleted = one.openstack("server", "delete", "--wait", "eight", scope=EIGHT)
    assert (created.code, created.stdout.strip(), deleted.code) == (0, "ACTIVE", 0), created.stderr + deleted.stderr
    heads = recorder.of("CloudTwo", "image").split(b"\r\n\r\n")
    assert [head for head in heads if b"/file HTTP/1." in head and head.lower().count(b": bound1.") == 2], "Nova reads the image"


@pytest.fixture
def logins(lab: Any, world: World) -> Iterator[Logins]:
    made = Logins(lab, world)
    yield made
    made.close()


@pytest.mark.parametrize(("kind", "query"), [("expired", "?allow_expired=1"), ("impersonated trust", "")])
def test_a_token_that_may_not_vouch_for_itself_is_asked_about_by_an_account_that_can_only_validate(
    kind: str, query: str, lab: Any, world: World, clouds: Lab, logins: Logins, tmp_path: Path
) -> None:
    (keys,) = (path for path in Path(lab["state_dir"]).rglob("CloudOne/keys") if path.is_dir())
    token = Binder(KeyRepository(keys)).bind(logins.token(kind), Kind.USER, "CloudTwo", COMPUTE_THERE, 86_400)
    glance = service_token(lab, "CloudTwo", "glance")

    def asked(query: str) -> int:
        asks = {"X_Auth_Token": glance, "X_Subject_Token": join_token(token, COMPUTE_THERE)}
        return world.ask("GET", "CloudTwo", "identity", f"/v3/auth/tokens{query}", **asks).status_code

    def without_readers(mesh: dict[str, Any]) -> None:
        del mesh["clouds"]["CloudTwo"]["gateway"]["readers"]

    with clouds.described(without_readers):
        assert asked(query) == 404
    with validator_account(lab, tmp_path) as account:

        def with_validator(mesh: dict[str, Any]) -> None:
            without_readers(mesh)
            mesh["clouds"]["CloudOne"]["gateway"]["validator"] = str(account)

        with clouds.described(with_validator):
            assert asked(query) == 200
            if query:
                assert asked("") == 404, "without a service's word that it may be expired"
