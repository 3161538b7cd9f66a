# SPDX-License-Identifier: Apache-2.0
"""Tempest, OpenStack's own tests of its APIs: through the gateway, and by a scope in the authentication URL."""

import configparser
import csv
import io
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.account import Account, execute
from clients.resources import flavor_id
from clients.tools import Client, environment
from examples.people import resource_id

CLIENT = Client("Tempest", "PyPI", "tempest", "tempest.md")
SELECTION = Path(__file__).with_name("tempest.txt")
SCOPE = "compute=CloudTwo,image=CloudTwo,network=CloudTwo"
NEGATIVE = "[Nn]egative"
OF_ANOTHER_PROJECT = (
    "ImagesMemberTest.test_(get_image_member|image_share_accept|image_share_reject|remove_image_member)\\["
    "|ListSharedImagesTest.test_list_images_param_member_status"
    "|test_security_group_rules_create_with_optional_group_id"
)
"""Tests that name projects by their ids at home; CloudTwo's policy gives a guest's project another id there."""
AT_LEAST = 81


def configuration(account: Account, scope: str, cloud: str, folder: Path) -> str:
    """Return tempest.conf: an administrator of CloudOne makes the users; image and flavors are those of ``cloud``."""
    image = resource_id("image", cloud)
    sections = {
        "DEFAULT": {"log_file": str(folder / "tempest.log")},
        "oslo_concurrency": {"lock_path": str(folder / "locks")},
        "auth": {
            "admin_username": account.username,
            "admin_password": account.password,
            "admin_project_name": account.project,
            "admin_domain_name": "Default",
            "create_isolated_networks": "false",
            "tempest_roles": "member",
        },
        "identity": {
            "uri_v3": account.url(scope),
            "region": "CloudOne",
            "v3_endpoint_type": "public",
            "ca_certificates_file": account.authority,
        },
        "compute": {
            "image_ref": image,
            "image_ref_alt": image,
            "flavor_ref": flavor_id("m1.tiny", cloud),
            "flavor_ref_alt": flavor_id("m1.small", cloud),
            "fixed_network_name": "lab",
            "build_interval": "1",
        },
        "validation": {"run_validation": "false"},
        "service_available": {"cinder": "false", "swift": "false"},
    }
    parser = configparser.RawConfigParser()
    parser.read_dict(sections)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def run_tempest(account: Account, scope: str, cloud: str, excluded: str = NEGATIVE) -> Counter[str]:
    """Run the selection and return how many tests ended in which way. A test that failed, fails this one with its output."""
    folder = account.home
    variables = {name: value for name, value in account.variables().items() if not name.startswith("OS_")}
    execute(("tempest", "init", "w"), variables, folder)
    file = folder / "w/etc/tempest.conf"
    file.touch(0o600)
    file.write_text(configuration(account, scope, cloud, folder))
    tempest = str(environment().script("tempest"))
    done = subprocess.run(
        [tempest, "run", "--include-list", str(SELECTION), "--exclude-regex", excluded, "--concurrency", "2"],
        cwd=folder / "w",
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    results = subprocess.run(
        [str(environment().script("stestr")), "last", "--subunit"],
        cwd=folder / "w",
        env=variables,
        capture_output=True,
        check=False,
    )
    table = subprocess.run(
        [str(environment().script("subunit2csv")), "--no-passthrough"], input=results.stdout, capture_output=True, check=False
    )
    ended = Counter(row["status"] for row in csv.DictReader(io.StringIO(table.stdout.decode())))
    assert done.returncode == 0, f"{ended}\n{done.stdout[-20000:]}{done.stderr[-2000:]}"
    return ended


@pytest.fixture
def administrator(lab: Any, tmp_path: Path) -> Account:
    """CloudOne's administrator, with whom Tempest makes its users."""
    return Account.of(lab, "CloudOne-admin", tmp_path)


def all_passed(ended: Counter[str], record_property: Callable[[str, object], None]) -> None:
    assert ended["failure"] == 0
    assert ended["success"] >= AT_LEAST
    record_property("result", f"{ended['success']} tests passed, 0 failed, {ended['skip']} skipped")


def test_through_the_gateway(administrator: Account, record_property: Callable[[str, object], None]) -> None:
    """No scope: tests of images, servers, networks and identity, through CloudOne's gateway."""
    all_passed(run_tempest(administrator, "", "CloudOne"), record_property)


def test_by_a_scope(administrator: Account, record_property: Callable[[str, object], None]) -> None:
    """`compute=CloudTwo,image=CloudTwo,network=CloudTwo`: the same tests, with servers, images and networks of CloudTwo, but
    for those that name projects by their ids at home."""
    excluded = f"{NEGATIVE}|{OF_ANOTHER_PROJECT}"
    all_passed(run_tempest(administrator, SCOPE, "CloudTwo", excluded), record_property)
