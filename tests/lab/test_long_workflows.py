# SPDX-License-Identifier: Apache-2.0
"""A workflow that outlives its user's token, on real Keystones: with a service token, and a reader account of the peer.

The clouds share a data plane here, so that service tokens leave; ``test_service_tokens.py`` has the others.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.coverage import Lab
from examples.session import User, authority
from lab.plain_http import ask, frontend, images
from lab.token_validator import ROLE, validators_role
from lab.tokens import expired_token, keystone, revoke, service_token, token_of

TO_TWO = '{"image":"CloudTwo"}'
ACCOUNT = "reader-for-CloudTwo"
TO_ACCOUNT = ("--user", ACCOUNT, "--user-domain", "default", "--system", "all")
PASSWORD = "of-the-reader-of-the-tests"


@pytest.fixture(scope="module", autouse=True)
def shared(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the clouds share the data plane of a service."""
    clouds = Lab(tmp_path_factory.mktemp("shared"))
    with clouds.described(lambda mesh: mesh.update(shared=[{"service": "network", "clouds": list(mesh["clouds"])}])):
        yield


@pytest.fixture
def expired(lab: Any, one: User) -> str:
    """A token of CloudOne's member that was good until an hour ago."""
    return expired_token(lab, one)


def list_images(lab: Any, token: str, service: str | None = None, scope: str | None = TO_TWO) -> tuple[int, str]:
    """Ask CloudOne's gateway for images, as a service of CloudOne does in the name of a user."""
    headers = {"X_Auth_Token": token, "X_Service_Token": service, "X_Scope": scope}
    sent = {name: value for name, value in headers.items() if value is not None}
    return ask(f"{frontend(lab, 'CloudOne')}/image/v2/images", **sent)


def endpoint(lab: Any, cloud: str, service: str) -> str:
    """Return the frontend of a service in the mesh."""
    mesh = yaml.safe_load(Path(lab["state_dir"], "mesh.yaml").read_text())
    return str(mesh["clouds"][cloud]["services"][service]["frontend"])


def test_an_expired_token_is_good_for_a_service_abroad_as_at_home(lab: Any, one: User, two: User, expired: str) -> None:
    nova = service_token(lab, "CloudOne")
    ids = [user.openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip() for user in (one, two)]
    for scope, image in ((None, ids[0]), (TO_TWO, ids[1])):
        status, answer = list_images(lab, expired, nova, scope)
        assert status == 200, answer
        assert images(answer) == [image]


def test_the_word_of_a_service_of_the_cloud_where_it_is_used_will_do(lab: Any, two: User, expired: str) -> None:
    """As when a server of CloudTwo belongs to a user of CloudOne: Nova of CloudTwo asks Glance of CloudTwo."""
    glance = f"{endpoint(lab, 'CloudTwo', 'image')}/v2/images"
    token = f'{expired}!SCOPE!{{"*":"CloudOne","compute":"CloudTwo","image":"CloudTwo"}}'
    assert ask(glance, X_Auth_Token=token, X_Service_Token=service_token(lab, "CloudTwo"))[0] == 200
    assert ask(glance, X_Auth_Token=token, X_Service_Token=service_token(lab, "CloudOne"))[0] == 401


def test_an_expired_token_needs_a_service_token(lab: Any, expired: str) -> None:
    assert list_images(lab, expired)[0] == 401


def test_nor_with_that_of_a_user(lab: Any, one: User, expired: str) -> None:
    assert list_images(lab, expired, token_of(one))[0] == 401


def test_a_service_token_is_judged_by_the_cloud_that_issued_it(lab: Any, expired: str) -> None:
    """A token of a service of CloudOne at CloudTwo's Glance is CloudOne's: valid, revoked or unknown there."""
    revoked = service_token(lab, "CloudOne")
    revoke(lab, "CloudOne", revoked)
    assert list_images(lab, expired, revoked)[0] == 401
    assert list_images(lab, expired, service_token(lab, "CloudTwo"))[0] == 401
    assert list_images(lab, expired, service_token(lab, "CloudOne"))[0] == 200


def test_a_token_that_was_revoked_or_forged_stays_refused(lab: Any, one: User) -> None:
    nova = service_token(lab, "CloudOne")
    revoked = token_of(one)
    revoke(lab, "CloudOne", revoked)
    assert list_images(lab, revoked, nova)[0] == 401
    assert list_images(lab, "gAAAAABforged", nova)[0] == 401


def said(lab: Any, cloud: str) -> str:
    """Return the log of the gateway of a cloud."""
    return Path(lab["state_dir"], f"logs/{cloud}/gateway.log").read_text()


@pytest.fixture
def mesh(lab: Any) -> Iterator[Callable[[Path | None], None]]:
    """Name CloudTwo's gateway another file of reader accounts, or none, until the test is over."""
    path = Path(lab["state_dir"], "mesh.yaml")
    before = path.read_text()

    def write(text: str) -> None:
        reloads = said(lab, "CloudTwo").count("has reloaded")
        path.write_text(text)
        until = time.monotonic() + 30
        while said(lab, "CloudTwo").count("has reloaded") == reloads:
            assert time.monotonic() < until, "CloudTwo's gateway did not take up the mesh"
            time.sleep(0.2)

    def name(file: Path | None) -> None:
        document = yaml.safe_load(before)
        document["clouds"]["CloudTwo"]["gateway"]["readers"] = file and str(file)
        write(yaml.safe_dump(document, sort_keys=False))

    yield name
    write(before)


@pytest.fixture
def account(lab: Any, tmp_path: Path) -> Iterator[Path]:
    """The account that CloudOne's operator makes for CloudTwo's, as docs/operate/reader-accounts.md says, and its file."""
    admin = User("CloudOne-admin")
    made = admin.openstack("user", "create", ACCOUNT, "--domain", "default", "--password", PASSWORD)
    assert made.code == 0, made.stderr
    assert admin.openstack("role", "add", *TO_ACCOUNT, "reader").code == 0
    auth = {"username": ACCOUNT, "user_domain_id": "default", "password": PASSWORD, "system_scope": "all"}
    file = tmp_path / "readers.yaml"
    file.touch(0o600)
    file.write_text(yaml.safe_dump({"clouds": {"CloudOne": {"auth": auth}}}))
    yield file
    admin.openstack("user", "delete", ACCOUNT)


def test_without_an_account_an_expired_token_ends_the_workflow(
    lab: Any, expired: str, mesh: Callable[[Path | None], None]
) -> None:
    mesh(None)
    assert list_images(lab, expired, service_token(lab, "CloudOne"))[0] == 401


def test_an_account_from_the_peers_operator_to_its_end(
    lab: Any, one: User, account: Path, mesh: Callable[[Path | None], None]
) -> None:
    mesh(account)
    assert list_images(lab, expired_token(lab, one), service_token(lab, "CloudOne"))[0] == 200
    assert "the reader account at CloudOne has logged in" in said(lab, "CloudTwo")
    assert User("CloudOne-admin").openstack("user", "set", "--disable", ACCOUNT).code == 0
    url, nova = f"{frontend(lab, 'CloudOne')}/compute/v2.1/flavors", service_token(lab, "CloudOne")
    assert ask(url, X_Auth_Token=expired_token(lab, one), X_Service_Token=nova, X_Scope='{"compute":"CloudTwo"}')[0] == 503
    assert f"identity of CloudOne at {keystone(lab, 'CloudOne')}: the reader account at CloudOne was refused: 401" in said(
        lab, "CloudTwo"
    )
    assert list_images(lab, token_of(one), service_token(lab, "CloudOne"))[0] == 200, "who needs no account is not held up by it"
    assert PASSWORD not in said(lab, "CloudTwo")


def test_a_role_that_sees_tokens_alone(
    lab: Any, expired: str, account: Path, mesh: Callable[[Path | None], None], tmp_path: Path
) -> None:
    admin = User("CloudOne-admin")
    admin.openstack("role", "remove", *TO_ACCOUNT, "reader")
    with validators_role(lab):
        given = admin.openstack("role", "add", *TO_ACCOUNT, ROLE)
        assert given.code == 0, given.stderr
        document = yaml.safe_load(account.read_text())
        document["clouds"]["CloudOne"]["auth"]["auth_url"] = keystone(lab, "CloudOne")
        account.write_text(yaml.safe_dump(document))
        mesh(account)
        assert list_images(lab, expired, service_token(lab, "CloudOne"))[0] == 200
        document["clouds"]["CloudOne"]["cacert"] = authority()
        client = tmp_path / "clouds.yaml"
        client.touch(0o600)
        client.write_text(yaml.safe_dump(document))
        reader = User("CloudOne", client)
        assert reader.openstack("token", "issue").code == 0
        for collection in ("credential", "user", "group"):
            refused = reader.openstack(collection, "list")
            assert (refused.code, "403" in refused.stderr) == (1, True), refused.stderr


def test_the_lab_keeps_the_accounts_to_itself(lab: Any) -> None:
    for file in Path(lab["state_dir"], "readers").iterdir():
        assert file.stat().st_mode & 0o077 == 0
