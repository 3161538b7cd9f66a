# SPDX-License-Identifier: Apache-2.0
"""What scopes do, example by example, on the real lab: ``python -m examples.scopes``, or ``make examples``.

Each example is an ``openstack`` command, the scope, and the outcome that is asserted. They are played in order, for some need
what others made: as an ordinary member, then as administrators. ``docs/use/examples.md`` is this list, for readers.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.text import Text

from examples.outcomes import Expected, fails, merges, nothing_left, sees, works
from examples.people import People, people
from examples.session import NoLabError, User, lab_with
from examples.stage import PromiseError, console, show_command, title

BOOT = ("server", "create", "--flavor", "m1.tiny", "--image", "cirros", "--wait")
THERE = '{"identity": "CloudOne", "*": "CloudTwo"}'
THREE = '{"compute": "CloudTwo", "network": "CloudTwo", "image": "CloudThree"}'


class Example:
    """A command of one of the people, its scope, and what must come of it."""

    def __init__(self, name: str, who: Callable[[People], User], command: str, scope: str | None, expected: Expected) -> None:
        self.name = name
        self.who = who
        self.command = tuple(command.split())
        self.scope = scope
        self.expected = expected

    def row(self, cast: People) -> str:
        """Return the example as a row of the documents' table."""
        scope = "" if self.scope is None else f"`{self.scope}`".replace("|", r"\|")
        return f"| `{self.name}` | {self.who(cast).entry} | `{' '.join(self.command)}` | {scope} | {self.expected.text} |"


def user(cast: People) -> User:
    """A user of CloudOne, at CloudOne's gateway."""
    return cast.user


def theirs(cast: People) -> User:
    """The same role in CloudTwo, at CloudTwo's gateway."""
    return cast.theirs


def visitor(cast: People) -> User:
    """A user of CloudTwo, at CloudOne's gateway."""
    return cast.visitor


def admin_here(cast: People) -> User:
    """CloudOne's administrator, at CloudOne's gateway."""
    return cast.admin


def visiting_admin(cast: People) -> User:
    """CloudTwo's administrator, at CloudOne's gateway."""
    return cast.visiting_admin


IDENTITY_THERE = '{"identity": "CloudTwo", "compute": "CloudTwo"}'
EXAMPLES = (
    Example("images", user, "image list", None, sees("image", "CloudOne")),
    Example("images-there", user, "image list", '{"image": "CloudTwo"}', sees("image", "CloudTwo")),
    Example("images-back", theirs, "image list", '{"image": "CloudOne"}', sees("image", "CloudOne")),
    Example("networks-there", user, "network list", '{"network": "CloudTwo"}', sees("network", "CloudTwo")),
    Example("networks-back", theirs, "network list", '{"network": "CloudOne"}', sees("network", "CloudOne")),
    Example("endpoints-here", admin_here, "endpoint list", None, sees("region", "CloudOne")),
    Example("endpoints-there", visiting_admin, "endpoint list", '{"identity": "CloudTwo"}', sees("region", "CloudTwo")),
    Example("catalog-there", visitor, "catalog show image", '{"identity": "CloudTwo"}', sees("catalog", "CloudOne")),
    Example("identity-unknown", user, "token issue", '{"identity": "CloudTwo"}', fails("401")),
    Example(
        "boot-image-there",
        user,
        " ".join((*BOOT, "ex-image")),
        '{"compute": "CloudOne", "image": "CloudTwo"}',
        works("a server in CloudOne, ACTIVE, with CloudTwo's image", status="ACTIVE", image_of="CloudTwo"),
    ),
    Example("delete-image-there", user, "server delete --wait ex-image", None, works("the server is gone")),
    Example(
        "boot-there",
        user,
        " ".join((*BOOT, "ex-there")),
        THERE,
        works("a server in CloudTwo, ACTIVE, of CloudOne's user", status="ACTIVE", image_of="CloudTwo"),
    ),
    Example("list-here", user, "server list", None, sees("server", absent="ex-there")),
    Example("list-compute-alone", user, "server list", '{"compute": "CloudTwo"}', sees("server", present="ex-there")),
    Example(
        "list-other-identity",
        visitor,
        "server list",
        IDENTITY_THERE,
        sees("server", absent="ex-there", note="you are logged in at CloudTwo"),
    ),
    Example(
        "show-other-identity",
        visitor,
        "server show ex-there",
        IDENTITY_THERE,
        fails("No Server found for ex-there", "you are logged in at CloudTwo"),
    ),
    Example(
        "all-projects-there",
        visiting_admin,
        "server list --all-projects",
        IDENTITY_THERE,
        sees("server", present="ex-there"),
    ),
    Example(
        "all-projects-of-an-admin-here",
        admin_here,
        "server list --all-projects",
        '{"compute": "CloudTwo"}',
        fails("403", "get_all_tenants"),
    ),
    Example(
        "delete-compute-alone",
        user,
        "server delete ex-there",
        '{"compute": "CloudTwo"}',
        fails("409", "rule network-of-a-server", '"network":"CloudTwo"'),
    ),
    Example(
        "delete-there",
        user,
        "server delete --wait ex-there",
        '{"compute": "CloudTwo", "network": "CloudTwo"}',
        works("the server is gone, and so are its ports", after=nothing_left("CloudTwo")),
    ),
    *(
        Example(
            f"ill-{name}",
            user,
            " ".join((*BOOT, *more, "ex-ill")),
            scope,
            fails("409", f"rule {rule}", after=nothing_left("CloudOne", "CloudTwo")),
        )
        for name, scope, rule, more in (
            ("network", '{"network": "CloudTwo"}', "network-of-a-server", ()),
            ("compute", '{"compute": "CloudTwo", "image": "CloudTwo"}', "network-of-a-server", ()),
            ("placement", '{"placement": "CloudTwo"}', "placement-of-a-server", ()),
            ("volume", '{"block-storage": "CloudTwo"}', "boot-from-volume", ("--boot-from-volume", "1")),
        )
    ),
)
ALL_THREE = ("CloudOne", "CloudTwo", "CloudThree")
AT_ONCE = " & ".join(ALL_THREE)
IN_TURN = '{"image": "CloudOne | CloudTwo | CloudThree"}'
NEAR = "around(CloudOne, 1s)"
THIRD = (
    Example("three-images", user, "image list", '{"image": "CloudThree"}', sees("image", "CloudThree")),
    Example("three-networks", user, "network list", '{"network": "CloudThree"}', sees("network", "CloudThree")),
    Example(
        "three-boot",
        user,
        " ".join((*BOOT, "ex-three")),
        THREE,
        works(
            "a server in CloudTwo, ACTIVE, with CloudThree's image, of CloudOne's user", status="ACTIVE", image_of="CloudThree"
        ),
    ),
    Example("three-list", user, "server list", '{"compute": "CloudTwo"}', sees("server", present="ex-three")),
    Example("three-elsewhere", user, "server list", '{"compute": "CloudThree"}', sees("server", absent="ex-three")),
    Example("all-images", user, "image list", AT_ONCE, merges("cirros", *ALL_THREE)),
    Example("all-networks", user, "network list", AT_ONCE, merges("lab", *ALL_THREE)),
    Example("all-servers", user, "server list", AT_ONCE, merges("ex-three", "CloudTwo")),
    Example(
        "volume-there", user, "volume create --size 1 ex-disk", '{"block-storage": "CloudThree"}', works("a volume in CloudThree")
    ),
    Example("all-volumes", user, "volume list", AT_ONCE, merges("ex-disk", "CloudThree")),
    Example("delete-volume", user, "volume delete ex-disk", AT_ONCE, works("CloudThree's volume is deleted")),
    Example(
        "image-in-three",
        user,
        "image create --container-format bare --disk-format raw --file README.md ex-image",
        '{"image": "CloudThree"}',
        works("an image that only CloudThree has"),
    ),
    Example(
        "boot-otherwise",
        user,
        " ".join(BOOT).replace("cirros", "ex-image") + " ex-otherwise",
        IN_TURN,
        works("a server in CloudOne, ACTIVE, with CloudThree's image", status="ACTIVE"),
    ),
    Example("near-images", user, "image list", f"image=all({NEAR})", merges("cirros", *ALL_THREE)),
    Example(
        "boot-around",
        user,
        " ".join(BOOT).replace("cirros", "ex-image") + " ex-around",
        f'{{"image": "{NEAR}"}}',
        works("a server in CloudOne, ACTIVE, with CloudThree's image", status="ACTIVE"),
    ),
    Example("page-of-1", user, "server list --limit 1", AT_ONCE, merges("ex-around", "CloudOne", absent="ex-otherwise")),
    Example("delete-otherwise", user, "server delete --wait ex-otherwise", None, works("the server is gone")),
    Example(
        "page-of-7",
        user,
        "server list --limit 7 --marker ex-around",
        AT_ONCE,
        merges("ex-three", "CloudTwo", absent="ex-otherwise"),
    ),
    Example("page-of-25", user, "server list --limit 25", AT_ONCE, merges("ex-three", "CloudTwo", absent="ex-otherwise")),
    Example("delete-around", user, "server delete --wait ex-around", None, works("the server is gone")),
    Example("delete-image", user, "image delete ex-image", AT_ONCE, works("CloudThree's image is deleted")),
    Example(
        "three-delete", user, "server delete --wait ex-three", THREE, works("the server is gone", after=nothing_left("CloudTwo"))
    ),
    Example(
        "three-ill",
        user,
        " ".join((*BOOT, "ex-ill")),
        '{"compute": "CloudTwo", "image": "CloudTwo", "network": "CloudThree"}',
        fails("409", "rule network-of-a-server", "compute of CloudTwo", "network of CloudThree"),
    ),
)


def table(rows: tuple[Example, ...], cast: People) -> str:
    """Return examples as the documents show them."""
    head = "| example | who | `openstack ...` | `--os-scope` | outcome |\n| --- | --- | --- | --- | --- |"
    return "\n".join([head, *(example.row(cast) for example in rows)])


def play(examples: tuple[Example, ...], cast: People) -> Iterator[str]:
    """Play the examples in order and yield the name of each that came out as it should; raises :class:`PromiseError`."""
    cast.clean_up("ex-", THERE, None)
    for kind in {example.command[0] for example in examples if example.command[1] == "create"} - {"server"}:
        cast.clean_up("ex-", AT_ONCE, kind=kind)
    for example in examples:
        who = example.who(cast)
        show_command(who, example.command, example.scope)
        done = who.openstack(*example.command, *example.expected.options, scope=example.scope)
        problem = example.expected.problem(done, cast)
        if problem is not None:
            raise PromiseError(f"{example.name}: {problem}\n{done.stdout}{done.stderr}")
        yield example.name
        console.print(Text(f"  ✔ {example.name}: {example.expected.text}", style="green"))


def main(argv: Sequence[str] | None = None) -> int:
    """Play the examples; return 0 when each came out as it should."""
    parser = argparse.ArgumentParser(prog="python -m examples.scopes", description="Play the examples on the lab that is up.")
    parser.add_argument("--as", dest="role", choices=("member", "admin", "both"), default="both")
    parser.add_argument("--third", action="store_true", help="only those with a third cloud, CloudThree")
    arguments = parser.parse_args(argv)
    began, played = time.monotonic(), 0
    try:
        status = lab_with("CloudOne", "CloudTwo", *(("CloudThree",) if arguments.third else ()))
    except NoLabError as error:
        console.print(Text(f"examples: {error}", style="bold red"))
        return 1
    with_volumes = all("block-storage" in {service["type"] for service in cloud["services"]} for cloud in status["clouds"])
    examples = tuple(
        example for example in (THIRD if arguments.third else EXAMPLES) if with_volumes or "volume" not in example.name
    )
    if not with_volumes:
        console.print("those with volumes are left out: not every cloud of the lab has block-storage (docs/use/examples.md)")
    with TemporaryDirectory(prefix="openstackoid-") as folder:
        for role in ("member", "admin") if arguments.role == "both" else (arguments.role,):
            title(f"As {'an ordinary member' if role == 'member' else 'an administrator'}")
            try:
                played += sum(1 for _ in play(examples, people(role, Path(folder))))
            except PromiseError as error:
                console.print(Text(f"examples: {error}", style="bold red"))
                return 1
    console.print(f"\n{played} examples came out as they should, in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
