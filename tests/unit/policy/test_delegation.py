# SPDX-License-Identifier: Apache-2.0
import pytest

from openstackoid.policy import (
    EVERY_REQUEST,
    NOBODY,
    Delegated,
    Delegation,
    Denial,
    Policy,
    RequestPattern,
    Services,
    TokenStep,
    Use,
    may_ask,
)

READ = Use("image", "GET", "/v2/images/1/file")
UPLOAD = Use("image", "PUT", "/v2/images/1/file")
DEFAULT = NOBODY.delegated_to("CloudTwo")


@pytest.mark.parametrize("of_service", [False, True])
def test_a_bound_token_may_always_be_validated(of_service: bool) -> None:
    assert may_ask(DEFAULT, Delegated(None, of_service=of_service)) == "delegation of CloudTwo/validation"


@pytest.mark.parametrize("given", ["compute", "block-storage"])
def test_images_are_read_by_a_peer_that_runs_servers_or_volumes_of_them(given: str) -> None:
    assert may_ask(DEFAULT, Delegated(READ, given={given})) == "delegation of CloudTwo/images"
    assert may_ask(DEFAULT, Delegated(Use("image", "HEAD", "/v2/images/1"), given={given})) == "delegation of CloudTwo/images"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/versions",
        "/v2",
        "/v2.9",
        "/v2/images",
        "/v2/images/1",
        "/v2/images/1/file",
        "/v2.9/images/1/file",
        "/v2/schemas",
        "/v2/schemas/image",
        "/v2/schemas/images",
    ],
)
def test_what_a_compute_node_and_a_volume_service_ask_of_an_image_service(path: str) -> None:
    for method in ("GET", "HEAD"):
        assert may_ask(DEFAULT, Delegated(Use("image", method, path), given={"compute"})) == "delegation of CloudTwo/images"


@pytest.mark.parametrize(
    "path",
    [
        "/v2/tasks",
        "/v2/tasks/1",
        "/v2/images/1/members",
        "/v2/images/1/members/2",
        "/v2/images/1/actions/deactivate",
        "/v2/metadefs/namespaces",
        "/v2/cache",
        "/v2/cache/images",
        "/v2/queued_images",
        "/v2/info/stores",
        "/v2/info/usage",
        "/v2/images/1/locations",
        "/v2/images/1/tasks",
        "/v2/images/1/file/x",
        "/v2/schemas/metadefs/namespace",
        "/v1/images",
        "/healthcheck",
        "/v2/discovery/stores",
        "/v2/images/1/file;a",
    ],
)
def test_other_reads_of_an_image_service_are_for_delegation_to_name(path: str) -> None:
    assert isinstance(may_ask(DEFAULT, Delegated(Use("image", "GET", path), given={"compute"})), Denial)


@pytest.mark.parametrize(
    "asked",
    [
        Delegated(READ, given={"image", "network"}),
        Delegated(READ, of_service=True, given={"compute"}),
        Delegated(UPLOAD, given={"compute"}),
        Delegated(Use("compute", "GET", "/v2.1/servers"), given={"compute"}),
        Delegated(Use("identity", "GET", "/v3/projects"), given={"compute"}),
    ],
)
def test_by_default_nothing_else(asked: Delegated) -> None:
    assert isinstance(may_ask(DEFAULT, asked), Denial)


@pytest.mark.parametrize("step", ["login", "exchange", "revocation"])
def test_what_gives_out_or_revokes_tokens_is_named(step: TokenStep) -> None:
    assert isinstance(may_ask(DEFAULT, Delegated(None, step)), Denial)
    every = Delegation("*", Services((("*", (EVERY_REQUEST,)),)), Services((("*", (EVERY_REQUEST,)),)))
    assert isinstance(may_ask(every, Delegated(Use("identity", "POST", "/v3/auth/tokens"), step)), Denial)
    assert may_ask(Delegation("*", tokens=(step,)), Delegated(None, step)) == f"delegation of */{step}"


def test_requests_in_the_name_of_users_and_by_services_are_named_apart() -> None:
    uploads = Services((("image", (RequestPattern.parse("PUT /v2/images/*/file"),)),))
    users, services = Delegation("CloudTwo", users=uploads), Delegation("CloudTwo", services=uploads)
    assert may_ask(users, Delegated(UPLOAD)) == "delegation of CloudTwo/users"
    assert isinstance(may_ask(users, Delegated(UPLOAD, of_service=True)), Denial)
    assert may_ask(services, Delegated(UPLOAD, of_service=True)) == "delegation of CloudTwo/services"
    assert isinstance(may_ask(services, Delegated(UPLOAD)), Denial)


def test_reading_images_can_be_taken_away() -> None:
    assert isinstance(may_ask(Delegation("CloudTwo", images=False), Delegated(READ, given={"compute"})), Denial)


def test_a_peers_own_entry_counts_in_the_place_of_that_of_all() -> None:
    policy = Policy(delegation=(Delegation("*", tokens=("login",)), Delegation("CloudTwo", images=False)))
    assert policy.delegated_to("CloudTwo") == Delegation("CloudTwo", images=False)
    assert policy.delegated_to("CloudThree").cloud == "*"
    assert NOBODY.delegated_to("CloudThree") == Delegation("CloudThree")
