# SPDX-License-Identifier: Apache-2.0
"""``make demo``: the main job on real OpenStack, as an ordinary member would do it by hand, with every claim checked."""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.text import Text

from examples.integrity import compare_with_wheels
from examples.session import User, fetched_checksum, image_downloads, lab_status, openstackoid
from examples.stage import PromiseError, console, promise, run, title
from examples.wire import accepts, answers_plain_http, shown_name
from openstackoid.certs import issue, make_authority

ONE, TWO = User("CloudOne"), User("CloudTwo")
BOOT = '{"compute": "CloudOne", "image": "CloudTwo"}'
ABROAD = '{"compute": "CloudTwo", "image": "CloudTwo", "network": "CloudTwo"}'
BOTH = "image=CloudOne&CloudTwo"
SERVER = ("server", "create", "my-vm", "--flavor", "m1.tiny", "--image", "cirros")


def main() -> int:
    """Run the demo; return 0 when every check held."""
    started = time.monotonic()
    try:
        title("Two independent OpenStack clouds on this machine")
        if openstackoid("lab", "up", quiet=False).code != 0:
            raise PromiseError("the lab did not start; its own words are above")
        remove_leftovers()
        wire()
        images = image_lists()
        merged_list(images)
        boot_from_another_cloud(images)
        boot_abroad()
        written_down()
        malformed_scope()
        vanilla()
    except PromiseError as error:
        console.print(Text(f"demo: {error}", style="bold red"))
        return 1
    title(f"Done in {time.monotonic() - started:.0f} s. The lab is up: go on by hand")
    console.print(
        '  eval "$(.venv/bin/openstackoid lab env CloudOne)"     then any openstack command, with or without --os-scope\n'
        "  .venv/bin/openstackoid lab shell CloudOne             the same in a shell of its own\n"
        "  .venv/bin/openstackoid lab status                     what runs, and where\n"
        "  .venv/bin/openstackoid lab down                       stop it; with --purge remove its files too"
    )
    return 0


def remove_leftovers() -> None:
    """Delete what an interrupted run left behind."""
    for scope in (None, ABROAD):
        listed = ONE.openstack("server", "list", "--name", "^my-vm$", "-f", "json", scope=scope)
        for server in listed.json() if listed.code == 0 else []:
            ONE.openstack("server", "delete", "--wait", server["ID"], scope=scope)


def wire() -> None:
    """What protects the requests that follow: TLS for users, and certificates on both sides between gateways."""
    title("TLS for users, and certificates on both sides between gateways (mTLS)")
    status = lab_status()
    frontends = {cloud["name"]: cloud["frontend"] for cloud in status["clouds"]}
    trusted, folder = status["authority"], Path(status["authority"]).parent
    for cloud in (ONE.entry, TWO.entry):
        url = frontends[cloud]
        promise(f"{url} shows the certificate of {cloud}", shown_name(url, trusted) == cloud)
        promise("it does not answer without TLS", not answers_plain_http(url))
    url = frontends[TWO.entry]
    promise("the gateway of CloudTwo accepts the certificate of CloudOne's", accepts(url, trusted, folder / "CloudOne.pem"))
    with TemporaryDirectory() as other:
        make_authority(Path(other))
        forged = accepts(url, trusted, issue(Path(other), "CloudOne"))
    promise("it refuses one of the same name that another authority has signed", not forged)


def written_down() -> None:
    """One use of CloudTwo by CloudOne's user, as both clouds have it in their audit logs."""
    title("Who was there: a line in each cloud, with one request id")
    logs = [Path(lab_status()["state_dir"], f"gateways/{cloud.entry}/audit.log") for cloud in (ONE, TWO)]
    came_in = [line for line in map(json.loads, logs[1].read_text().splitlines()) if line["sender"] == ONE.entry]
    (came,) = [line for line in came_in if line["path"].endswith("/v2/images")][-1:]
    words = ("audit", "show", *map(str, logs), "--request-id", came["request_id"], "--format", "json")
    # The one that came in was written before the answer, the other is a moment later.
    deadline = time.monotonic() + 10
    while len(lines := [json.loads(line) for line in openstackoid(*words).stdout.splitlines()]) < 2:
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    console.print(openstackoid(*words[:-2]).stdout.rstrip(), markup=False)
    told = [(line["gateway"], line["direction"], line["user"]["name"], line["rule"], line["outcome"]) for line in lines]
    promise(
        "both gateways name the user, the rule that let him in, and the outcome",
        told == [("CloudOne", "out", "demo", "*/members", "allowed"), ("CloudTwo", "in", "demo", "*/members", "allowed")],
        f"they say {told}",
    )


def image_lists() -> dict[str, dict[str, str]]:
    """Show the images of each cloud, from the cloud itself and by scope; return the two images called cirros."""
    title("Each cloud has its own image 'cirros'; a scope says whose is meant")
    run(ONE, "image", "list")
    run(TWO, "image", "list")
    run(ONE, "image", "list", scope='{"image": "CloudTwo"}')
    images = {user.entry: user.openstack("image", "show", "cirros", "-f", "json").json() for user in (ONE, TWO)}
    by_scope = ONE.openstack("image", "show", "cirros", "-f", "json", scope='{"image": "CloudTwo"}').json()
    promise("by scope, CloudOne's user sees CloudTwo's image", by_scope["id"] == images["CloudTwo"]["id"])
    promise("the two images differ in id and checksum", distinct(images, "id") and distinct(images, "checksum"))
    return images


def merged_list(images: dict[str, dict[str, str]]) -> None:
    """Show the images of both clouds in one list, and act on one of them."""
    title("The images of both clouds in one list")
    run(ONE, "image", "list", scope=BOTH)
    rows = ONE.openstack("image", "list", "-f", "json", scope=BOTH).json()
    owners = {
        row["ID"]: cloud
        for cloud in images
        for row in ONE.openstack("image", "list", "-f", "json", scope=f"image={cloud}").json()
    }
    promise("it has each image of either cloud once", sorted(row["ID"] for row in rows) == sorted(owners), f"it is {rows}")
    promise("the column Cloud names the cloud that has the image", {row["ID"]: row["Cloud"] for row in rows} == owners)
    for cloud, image in images.items():
        shown = ONE.openstack("image", "show", image["id"], "-f", "json", scope=BOTH)
        promise(
            f"the image of {cloud} is shown by its id alone", shown.code == 0 and shown.json()["checksum"] == image["checksum"]
        )


def distinct(images: dict[str, dict[str, str]], field: str) -> bool:
    """Return whether the two images differ in a field."""
    return images["CloudOne"][field] != images["CloudTwo"][field]


def boot_from_another_cloud(images: dict[str, dict[str, str]]) -> None:
    """The main job: compute here, the image there."""
    title("The main job: a server in CloudOne, booted from CloudTwo's image")
    theirs, ours = images["CloudTwo"], images["CloudOne"]
    before = {cloud: image_downloads(cloud, images[cloud]["id"]) for cloud in images}
    run(ONE, *SERVER, "--wait", "-c", "name", "-c", "status", "-c", "image", scope=BOOT)
    server = ONE.openstack("server", "show", "my-vm", "-f", "json").json()
    promise("the server is ACTIVE in CloudOne", server["status"] == "ACTIVE", server["status"])
    promise(f"its image is CloudTwo's, {theirs['id']}", theirs["id"] in str(server["image"]))
    checksum = fetched_checksum("CloudOne", theirs["id"])
    promise(
        f"the bytes that CloudOne's compute node received have CloudTwo's checksum, {theirs['checksum']}, not {ours['checksum']}",
        checksum == theirs["checksum"] != ours["checksum"],
        f"it is {checksum}",
    )
    served = image_downloads("CloudTwo", theirs["id"]) - before["CloudTwo"]
    promise("CloudTwo's Glance served the image's bytes to CloudOne's compute", served > 0)
    none = image_downloads("CloudOne", ours["id"]) == before["CloudOne"] and image_downloads("CloudOne", theirs["id"]) == 0
    promise("CloudOne's Glance served none", none)
    run(ONE, "server", "delete", "my-vm", "--wait")


def boot_abroad() -> None:
    """Everything in the other cloud but the identity."""
    title("A server wholly in CloudTwo, with CloudOne's identity")
    run(ONE, *SERVER, "--wait", "-c", "name", "-c", "status", "-c", "addresses", scope=ABROAD)
    server = ONE.openstack("server", "show", "my-vm", "-f", "json", scope=ABROAD).json()
    promise("the server is ACTIVE in CloudTwo", server["status"] == "ACTIVE", server["status"])
    here = ONE.openstack("server", "list", "-f", "json").json()
    promise("CloudOne has no such server", server["id"] not in {row["ID"] for row in here})
    run(ONE, "server", "delete", "my-vm", "--wait", scope=ABROAD)


def malformed_scope() -> None:
    """A typing error is answered on the spot, before any request."""
    title("A scope that cannot be understood")
    run(ONE, "server", "list", scope='{"compute": "CloudOne", "image" "CloudTwo"}', code=2)
    run(ONE, "server", "list", scope='{"compute": "CloudTen"}', code=2)


def vanilla() -> None:
    """Compare OpenStack's installed files with the wheels that they came from."""
    title("OpenStack is unmodified")
    found = compare_with_wheels(Path(lab_status()["venv"]))
    text = f"all {found.files} files of the {found.packages} installed packages have the hash in their wheel's RECORD"
    promise(text, found.files > 0 and not found.differing, ", ".join(found.differing[:5]))


if __name__ == "__main__":
    sys.exit(main())
