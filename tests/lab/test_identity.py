# SPDX-License-Identifier: Apache-2.0
"""Tokens and the clouds that accept them, on real Keystone and Glance."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.session import User
from lab.plain_http import ask, frontend, images
from lab.tokens import expired_token, token_of

TO_TWO = '{"image":"CloudTwo"}'


def image_id(user: User) -> str:
    return str(user.openstack("image", "show", "cirros", "-f", "json").json()["id"])


def test_a_client_that_sends_headers_alone(lab: Any, one: User, two: User) -> None:
    """The scope inside the token is all that a client needs: any client."""
    url = f"{frontend(lab, 'CloudOne')}/image/v2/images"
    token = token_of(one)
    for headers in ({"X_Auth_Token": token, "X_Scope": TO_TWO}, {"X_Auth_Token": f"{token}!SCOPE!{TO_TWO}"}):
        status, answer = ask(url, **headers)
        assert status == 200
        assert images(answer) == [image_id(two)]


REFUSED = "gateway of CloudTwo: identity of CloudOne does not accept the token"
"""The gateway's answer before a service sees the request; at home the service refuses."""


def refused(answer: tuple[int, str]) -> bool:
    return answer[0] == 401 and json.loads(answer[1])["error"]["message"] == REFUSED


def test_a_forged_token_is_refused_with_its_reason(lab: Any) -> None:
    url = f"{frontend(lab, 'CloudOne')}/image/v2/images"
    assert ask(url, X_Auth_Token="gAAAAABforged")[0] == 401
    assert refused(ask(url, X_Auth_Token="gAAAAABforged", X_Scope=TO_TWO))


def test_an_expired_token_is_refused_with_its_reason(lab: Any, one: User) -> None:
    token = expired_token(lab, one)
    url = f"{frontend(lab, 'CloudOne')}/image/v2/images"
    assert ask(url, X_Auth_Token=token)[0] == 401
    assert refused(ask(url, X_Auth_Token=token, X_Scope=TO_TWO))


def test_a_revoked_token_is_refused_abroad(lab: Any, one: User) -> None:
    token = token_of(one)
    assert one.openstack("token", "revoke", token).code == 0
    assert ask(f"{frontend(lab, 'CloudOne')}/image/v2/images", X_Auth_Token=token, X_Scope=TO_TWO)[0] == 401


def test_a_token_of_one_cloud_is_invalid_in_the_other_without_a_scope(lab: Any, one: User) -> None:
    url = f"{frontend(lab, 'CloudOne')}/image/v2/images"
    assert ask(url, X_Auth_Token=token_of(one), X_Scope='{"identity":"CloudTwo"}')[0] == 401


@pytest.fixture
def visitor(lab: Any, tmp_path: Path) -> User:
    """CloudTwo's member at CloudOne's gateway."""
    entry = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())["clouds"]["CloudTwo"]
    entry["auth"]["auth_url"] = f"{frontend(lab, 'CloudOne')}/identity"
    entry["region_name"] = "CloudOne"
    config = tmp_path / "clouds.yaml"
    config.touch(0o600)
    config.write_text(yaml.safe_dump({"clouds": {"Visitor": entry}}))
    return User("Visitor", config)


def test_identity_from_the_other_cloud_and_the_rest_from_here(visitor: User, one: User) -> None:
    """The member gets a catalog of CloudOne, and sees CloudOne's images."""
    scope = '{"identity": "CloudTwo"}'
    listed = visitor.openstack("image", "list", "-f", "json", scope=scope)
    assert listed.code == 0, listed.stderr
    assert [image["ID"] for image in listed.json()] == [image_id(one)]
    catalog = visitor.openstack("catalog", "show", "image", "-f", "json", scope=scope)
    assert {row["region"] for row in catalog.json()["endpoints"]} == {"CloudOne"}


def test_a_user_of_one_cloud_is_unknown_to_the_other_without_a_scope(visitor: User) -> None:
    refused = visitor.openstack("token", "issue")
    assert refused.code == 1
    assert "401" in refused.stderr


def test_the_clouds_share_no_id(one: User, two: User) -> None:
    ids = [user.openstack("token", "issue", "-f", "json").json() for user in (one, two)]
    assert ids[0]["project_id"] != ids[1]["project_id"]
    assert ids[0]["user_id"] != ids[1]["user_id"]
