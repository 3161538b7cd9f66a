# SPDX-License-Identifier: Apache-2.0
"""*Choose a scope*: the verdict of the rules on each choice, and the scope in the forms of clients."""

import json
import re
import shlex

import pytest
import yaml

from openstackoid.console.choice import choice
from openstackoid.console.copies import short
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.scope import Scope, parse
from unit.bridge.stage import played
from unit.console.seen import MARKUP, Watched, console, description, facts, look, mesh, told


def verdicts(asked: dict[str, str], of: Mesh | None = None, **times: float) -> dict[str, tuple[str, str]]:
    found = choice(of or mesh(), "CloudOne", asked, times)
    assert (found.error, [field.error for field in found.fields if field.error]) == ("", [])
    return {verdict.service: (verdict.state, verdict.reason) for verdict in found.verdicts}


def test_nothing_chosen_is_no_scope() -> None:
    found = choice(mesh(), "CloudOne", {}, {})
    assert (found.scope, found.verdicts, found.copies) == (None, (), None)
    assert [field.service for field in found.fields] == ["block-storage", "compute", "image", "network", "*", "identity"]


def test_a_peer_whose_policy_is_not_described_decides_itself() -> None:
    found = verdicts({"image": "CloudTwo"})
    assert found["compute"] == ("works", "at home")
    assert found["image"][0] == "depends"
    assert "the policy of CloudTwo decides about your user" in found["image"][1]


@pytest.mark.parametrize(
    ("policy", "state", "reason"),
    [
        (
            "{peers: {CloudThree: {people: [{name: all, roles: {'*': reader}}], services: {image: all}}}}",
            "refused",
            "does not accept",
        ),
        ("{peers: {CloudOne: {people: [{name: a, roles: {'*': reader}}], services: {compute: all}}}}", "refused", "image"),
        (
            "{peers: {CloudOne: {people: [{name: a, roles: {'*': reader}}], services: {image: all}}}}",
            "depends",
            "policy of CloudTwo",
        ),
    ],
)
def test_a_described_policy_of_a_peer_has_its_verdict(policy: str, state: str, reason: str) -> None:
    found = verdicts({"image": "CloudTwo"}, mesh(policy))["image"]
    assert (found[0], reason in found[1]) == (state, True), found


def test_services_that_must_be_in_one_cloud_are_named() -> None:
    found = choice(mesh(), "CloudOne", {"network": "CloudTwo"}, {})
    assert {rule.name for rule in found.broken} == {"network-of-a-server"}
    assert (
        choice(mesh(), "CloudOne", {"network": "CloudTwo", "compute": "CloudTwo", "block-storage": "CloudTwo"}, {}).broken == ()
    )


def test_an_expression_has_its_clouds() -> None:
    found = choice(mesh(), "CloudOne", {"image": "CloudThree | CloudOne"}, {})
    image = next(verdict for verdict in found.verdicts if verdict.service == "image")
    assert (image.clouds, image.state) == ("CloudThree | CloudOne", "depends")
    near = choice(mesh(), "CloudOne", {"image": "nearest(CloudOne)"}, {"CloudThree": 4.0, "CloudTwo": 8.0})
    image = next(verdict for verdict in near.verdicts if verdict.service == "image")
    assert image.clouds == "nearest(CloudOne): now CloudOne | CloudThree | CloudTwo"


def test_a_cloud_for_every_other_service_leaves_the_log_in_at_home() -> None:
    found = choice(mesh(), "CloudOne", {"*": "CloudTwo"}, {})
    assert found.scope is not None
    assert found.scope.completed("CloudOne")["identity"] == "CloudOne"


@pytest.mark.parametrize(
    ("service", "text", "said"),
    [
        ("image", "CloudTow", "unknown cloud"),
        ("image", "CloudOne |", ""),
        ("compute", "CloudThree", "CloudThree has no service 'compute'"),
        ("image", MARKUP, ""),
        ("identity", "CloudOne | CloudTwo", ""),
    ],
)
def test_a_fault_stands_at_its_field(service: str, text: str, said: str) -> None:
    found = choice(mesh(), "CloudOne", {service: text, "network": "CloudOne"}, {})
    errors = {field.service: field.error for field in found.fields if field.error}
    assert (list(errors), found.scope) == ([service], None)
    assert said in errors[service]


@pytest.mark.parametrize(
    "text",
    [
        "image=CloudTwo",
        "image=CloudTwo,compute=CloudOne | CloudTwo",
        "image=around(CloudOne, 10ms)",
        '{"*": "(CloudTwo)"}',
        "CloudTwo",
    ],
)
def test_the_short_form_means_the_same_scope(text: str) -> None:
    assert parse(short(parse(text))) == parse(text)


def test_the_forms_of_clients_hold_the_scope() -> None:
    copies = choice(mesh(), "CloudOne", {"image": "CloudTwo | CloudThree"}, {}).copies
    assert copies is not None
    option, text = shlex.split(copies.option)
    assert (option, parse(text)) == (
        "--os-scope",
        Scope.of({}).with_entry("image", parse("image=CloudTwo | CloudThree").entries[0][1]),
    )
    entry = yaml.safe_load(copies.clouds_yaml)["clouds"]["CloudOne"]
    assert (entry["scope"], entry["auth"]["auth_url"]) == ({"image": "CloudTwo | CloudThree"}, "http://10.0.1.10/identity/v3")
    assert copies.url == "http://10.0.1.10/identity/scope/image=CloudTwo%20%7C%20CloudThree/v3"
    assert provider(copies.terraform) == {
        "auth_url": copies.url,
        "region": "CloudOne",
        "user_name": "YOUR-USER",
        "tenant_name": "YOUR-PROJECT",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }


@pytest.mark.parametrize("region", ['a "b" \\ c', "${var.x}", "%{ if true }", "a\n}", "Zürich $5 100 %"])
def test_a_region_is_a_string_of_terraform_whatever_it_has(region: str) -> None:
    described = description().replace("  CloudOne:\n", f"  CloudOne:\n    region: {json.dumps(region)}\n", 1)
    copies = choice(parse_mesh(described), "CloudOne", {"image": "CloudTwo"}, {}).copies
    assert copies is not None
    assert provider(copies.terraform)["region"] == region


def provider(text: str) -> dict[str, str]:
    """Read one block of Terraform's language with strings alone, in the shape that ``terraform fmt`` leaves as it is."""
    block = re.fullmatch(r'provider "openstack" \{\n((?:  [^\n]+\n)+)\}\n', text)
    assert block is not None
    found = {}
    columns = set()
    for line in block[1].splitlines():
        attribute = re.fullmatch(r'  ([a-z_]+) *= ("(?:[^"\\]|\\["\\nrt]|\\u[0-9a-f]{4})*")', line)
        assert attribute is not None, line
        columns.add(line.index("="))
        value = attribute[2].replace("$${", "").replace("%%{", "")
        assert "${" not in value, "a template"
        assert "%{" not in value, "a template"
        found[attribute[1]] = json.loads(attribute[2].replace("$${", "${").replace("%%{", "%{"))
    assert columns == {3 + max(map(len, found))}
    return found


@played
async def test_the_view_shows_verdict_and_copies_without_a_script() -> None:
    async with console() as client:
        page = await (await client.get("/choose", params={"image": "CloudTwo", "network": "CloudTwo"})).text()
        assert "It works, but for" in page
        assert "--os-scope image=CloudTwo,network=CloudTwo</pre>" in page
        assert '<option value="CloudThree">' in page
        page = await (await client.get("/choose", params={"image": MARKUP})).text()
        assert MARKUP not in page
        assert 'aria-invalid="true" aria-describedby="e3"' in page
        page = await (await client.get("/choose")).text()
        assert "Nothing is chosen: CloudOne serves everything." in page


@played
async def test_a_description_that_cannot_be_read_is_one_line() -> None:
    from openstackoid.console.watch import Look  # noqa: PLC0415 - beside the others it would hide the helper look

    watched = Watched(Look(1.0, None, None, None, "mesh.yaml: line 3: a cloud is expected", "correct it"))
    async with console(watched) as client:
        for path in ("/", "/clouds", "/peers", "/choose"):
            page = await (await client.get(path)).text()
            assert "The gateway cannot be seen.</strong> mesh.yaml: line 3: a cloud is expected" in page, path
    assert look(facts(told({}))).fault == ""
