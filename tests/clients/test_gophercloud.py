# SPDX-License-Identifier: Apache-2.0
"""A program on Debian's gophercloud, built as it stands, without a module proxy."""

from pathlib import Path

from clients.account import Account
from clients.images import in_the_other_cloud_alone
from clients.tools import GO_CODE, Client, environment

CLIENT = Client("gophercloud", "Debian", "golang-github-gophercloud-gophercloud-dev", "gophercloud.md")
SCOPE = "image=CloudTwo"
PROGRAM = Path(__file__).parent / "gophercloud"


def test_a_program_boots_a_server_from_the_other_clouds_image(account: Account, image: str, flavor: str, network: str) -> None:
    """`image=CloudTwo`: list images, boot a server of CloudOne from CloudTwo's image, wait until it is ACTIVE, make a snapshot;
    the snapshot is an image of CloudTwo."""
    program = account.home / "program"
    cache = environment().directory.with_name("clients-go-cache")
    go = {"GO111MODULE": "off", "GOPATH": str(GO_CODE), "GOCACHE": str(cache), "GOFLAGS": ""}
    account.run("go", "build", "-o", program, PROGRAM / "main.go", **go)
    found, _server, snapshot = account.run(program, flavor, network, scope=SCOPE, SSL_CERT_FILE=account.authority).split()
    assert found == image
    in_the_other_cloud_alone(snapshot)
