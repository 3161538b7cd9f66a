# SPDX-License-Identifier: Apache-2.0
"""What scopes do, example by example, on the real lab: ``python -m examples.scopes``, or ``make examples``.

Each example is an ``openstack`` command, the scope, and the outcome that is asserted. They are played in order, for some need
what others made: as an ordinary member, then as administrators. ``docs/use/examples.md`` is this list, for readers.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.text import Text

from examples.example import BOOT, Example, admin_here, theirs, user, visiting_admin, visitor
from examples.outcomes import fails, nothing_left, sees, works
from examples.people import People, people
from examples.session import NoLabError, lab_with
from examples.stage import PromiseError, console, show_command, title
from examples.third_cloud import AT_ONCE, THIRD

THERE = '{"identity": "CloudOne", "*": "CloudTwo"}'


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
