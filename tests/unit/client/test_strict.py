# SPDX-License-Identifier: Apache-2.0
"""Strict scopes: an answer of several clouds that lacks one is an error, for ``openstack`` and programs."""

import pytest
from keystoneauth1.session import Session

from openstackoid import scoped

from .conftest import FakeCloud, OpenStack
from .test_block import plugin

LIST = ("image", "list", "-f", "value", "-c", "Name")
BOTH = "image=CloudOne&CloudTwo"


@pytest.mark.parametrize(
    ("option", "variable", "entry", "strict"),
    [
        (True, None, None, "true"),
        (False, "true", None, "true"),
        (False, "True", False, "true"),
        (False, None, True, "true"),
        (True, "false", False, "true"),
        (False, "false", True, None),
        (False, "", True, "true"),
        (False, None, None, None),
    ],
)
def test_a_strict_scope_is_said_by_option_environment_or_clouds_yaml(
    openstack: OpenStack, cloud: FakeCloud, option: bool, variable: str | None, entry: bool | None, strict: str | None
) -> None:
    """The first of them counts."""
    openstack.add("CloudOne", cloud, **({} if entry is None else {"scope_strict": entry}))
    openstack.environment |= {} if variable is None else {"OS_SCOPE_STRICT": variable}
    done = openstack("--os-scope", BOTH, *(["--os-scope-strict"] if option else []), *LIST)
    assert (done.code, done.stdout) == (0, "cirros\n"), done.stderr
    assert {request.strict for request in cloud.seen} == {strict}


@pytest.mark.parametrize("scope", ["image=CloudTwo", "image=CloudOne|CloudTwo", "none"])
def test_a_scope_without_several_clouds_at_once_is_not_strict(openstack: OpenStack, cloud: FakeCloud, scope: str) -> None:
    openstack.environment["OS_SCOPE_STRICT"] = "true"
    assert openstack("--os-scope", scope, *LIST).code == 0
    assert {request.strict for request in cloud.seen} == {None}


def test_a_strict_scope_may_be_in_the_url(openstack: OpenStack, cloud: FakeCloud) -> None:
    root = "/identity/scope/image=CloudOne+CloudTwo/v3"
    cloud.routes["POST", f"{root}/auth/tokens"] = cloud.routes["POST", "/identity/v3/auth/tokens"]
    cloud.routes["GET", root] = cloud.routes["GET", "/identity/v3"]
    openstack.clouds["CloudOne"]["auth"]["auth_url"] = f"{cloud.url}{root}"
    openstack.add("other", cloud)
    done = openstack("--os-cloud", "CloudOne", "--os-scope-strict", *LIST)
    assert done.code == 0, done.stderr
    assert {(request.scope, request.strict) for request in cloud.seen} == {(None, "true")}


@pytest.mark.parametrize("variable", ["maybe", "1"])
def test_a_word_that_says_neither_strict_nor_not_is_refused(openstack: OpenStack, cloud: FakeCloud, variable: str) -> None:
    openstack.environment["OS_SCOPE_STRICT"] = variable
    done = openstack("--os-scope", BOTH, *LIST)
    said = f"openstack: scope_strict (or OS_SCOPE_STRICT): true or false is expected, not '{variable}'\n"
    assert (done.code, done.stderr, cloud.seen) == (2, said, [])
    assert openstack("--help").code == 0, "a broken environment breaks no help"


def test_a_block_is_strict_as_the_code_around_it_if_it_does_not_say(cloud: FakeCloud) -> None:
    session = Session()

    def get() -> None:
        session.get(f"{cloud.url}/image/v2/images", authenticated=False)

    session.auth = plugin(cloud)
    with scoped(session, BOTH, strict=True):
        get()
        with scoped(session, "image=CloudOne&CloudThree"):
            get()
            with scoped(session, BOTH, strict=False):
                get()
        with scoped(session, None):
            get()
    with scoped(session, BOTH):
        get()
    session.session.close()
    assert [seen.strict for seen in cloud.seen] == ["true", "true", None, None, None]
