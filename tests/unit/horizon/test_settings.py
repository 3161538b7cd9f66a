# SPDX-License-Identifier: Apache-2.0
"""``openstackoid horizon`` as it is typed, and its output as Horizon reads it; tests/horizon runs it in a real Horizon."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from openstackoid.cli import main
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.routing import Decision, Request, decide
from openstackoid.routing.hosts import listener_of
from openstackoid.scope import parse

MESH = """\
mesh: 1
clouds:
  CloudOne:
    services:
      identity: {frontend: http://cloud-one.example/identity, backend: http://10.0.1.22:5000}
      image: {frontend: http://cloud-one.example/image, backend: http://10.0.1.22:9292}
      compute: {frontend: http://cloud-one.example/compute/v2.1, backend: http://10.0.1.22:8774}
  CloudTwo:
    services:
      identity: {frontend: "https://cloud-two.example:5000/v3"}
      image: {frontend: "https://cloud-two.example:9292"}
  Cloud-3.b:
    services:
      object-store: {frontend: "http://cloud-three.example:8080"}
"""
ONE, TWO = "http://cloud-one.example/identity", "https://cloud-two.example:5000"
Say = Callable[..., str]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """The output of the command, of stderr if it must fail."""
    monkeypatch.chdir(tmp_path)
    Path("mesh.yaml").write_text(MESH)

    def run(*words: str, code: int = 0) -> str:
        assert main(["horizon", "--config", "mesh.yaml", *words]) == code
        said = capsys.readouterr()
        assert (said.out if code else said.err) == ""
        return said.err if code else said.out

    return run


def loaded(text: str) -> dict[str, Any]:
    """Return the settings as Horizon has them; its own ones stand in a module that it is still reading."""
    own = ModuleType("openstack_dashboard.settings")
    own.TEMPLATES = [{"OPTIONS": {"loaders": ["horizon.themes.ThemeTemplateLoader"]}}]  # type: ignore[attr-defined]
    modules = {"openstack_dashboard": ModuleType("openstack_dashboard"), own.__name__: own}
    with pytest.MonkeyPatch.context() as patch:
        for name, module in modules.items():
            patch.setitem(sys.modules, name, module)
        settings: dict[str, Any] = {"TEMPLATES": own.TEMPLATES}
        exec(text, settings)
    return settings


def templates(settings: dict[str, Any]) -> dict[str, str]:
    loader, known = settings["TEMPLATES"][0]["OPTIONS"]["loaders"][-1]
    assert loader == "django.template.loaders.locmem.Loader"
    return dict(known)


def test_each_cloud_alone_and_with_the_images_of_each_other_cloud(say: Say) -> None:
    settings = loaded(say())
    assert settings["AVAILABLE_REGIONS"] == [
        (f"{ONE}/v3", "CloudOne"),
        (f"{TWO}/v3", "CloudTwo"),
        (f"{ONE}/scope/image=CloudTwo/v3", "CloudOne with CloudTwo's images"),
        (f"{TWO}/scope/image=CloudOne/v3", "CloudTwo with CloudOne's images"),
    ]
    assert settings["OPENSTACK_KEYSTONE_URL"] == f"{ONE}/v3"
    assert settings["SESSION_ENGINE"] == "django.contrib.sessions.backends.cache"


def test_the_dashboard_of_one_cloud(say: Say) -> None:
    regions = loaded(say("--cloud", "CloudTwo"))["AVAILABLE_REGIONS"]
    assert [label for _, label in regions] == ["CloudTwo", "CloudTwo with CloudOne's images"]


def test_chosen_scopes_take_the_place_of_pairs(say: Say) -> None:
    chosen = ["--scope", "image=CloudTwo=Images of zwei, größer", "--scope", '{"glance": "CloudOne | CloudTwo"}=All images']
    regions = loaded(say("--cloud", "CloudOne", *chosen))["AVAILABLE_REGIONS"]
    assert regions == [
        (f"{ONE}/v3", "CloudOne"),
        (f"{ONE}/scope/image=CloudTwo/v3", "Images of zwei, größer"),
        (f"{ONE}/scope/image=CloudOne%20%7C%20CloudTwo/v3", "All images"),
    ]


def test_with_several_clouds_a_label_names_the_cloud_of_the_log_in(say: Say) -> None:
    regions = loaded(say("--scope", "object-store=Cloud-3.b=Big disks"))["AVAILABLE_REGIONS"]
    assert [label for _, label in regions] == ["CloudOne", "CloudTwo", "CloudOne: Big disks", "CloudTwo: Big disks"]


@pytest.mark.parametrize("scope", ["image=CloudTwo", "*=CloudTwo,identity=CloudOne", "image=CloudOne | CloudTwo"])
def test_a_gateway_reads_the_scope_of_each_url(say: Say, scope: str) -> None:
    mesh: Mesh = parse_mesh(MESH)
    url = urlsplit(loaded(say("--cloud", "CloudOne", "--scope", f"{scope}=x"))["AVAILABLE_REGIONS"][1][0])
    listener = listener_of(mesh.clouds["CloudOne"].listeners, url.netloc)
    decision = decide(mesh, "CloudOne", Request("GET", listener, url.path, ()))
    assert isinstance(decision, Decision)
    assert decision.scope == parse(scope).completed("CloudOne")


def test_downloads_are_horizons_own_templates_with_the_url_of_the_region(say: Say) -> None:
    settings = loaded(say("--cloud", "CloudOne"))
    known = templates(settings)
    assert set(known) == {settings["OPENRC_CUSTOM_TEMPLATE"], settings["OPENSTACK_CLOUDS_YAML_CUSTOM_TEMPLATE"]}
    for name, horizons in (("openrc.sh", "openrc.sh"), ("clouds.yaml", "clouds.yaml")):
        text = known[f"openstackoid/{name}.template"]
        assert text.count(f'{{% include "project/api_access/{horizons}.template" %}}') == 3
        case = '{% elif request.session.region_name == "CloudOne with CloudTwo\'s images" %}{% with auth_url="' + ONE
        assert case + '/scope/image=CloudTwo/v3" regions="" %}' in text
        assert text.count("{% if ") == text.count("{% endif %}") == 1
        assert text.count("{% with ") == text.count("{% endwith %}") == 3


def test_the_settings_hold_no_syntax_of_jinja(say: Say) -> None:
    """Kolla-Ansible copies its custom settings of Horizon by Ansible's module ``template``."""
    text = say()
    assert [mark for mark in ("{%", "{{", "{#", "%}", "}}", "#}") if mark in text] == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--cloud", "CloudTow"], "the mesh has no cloud 'CloudTow'; known: Cloud-3.b, CloudOne, CloudTwo"),
        (["--cloud", "Cloud-3.b"], "users cannot log in at Cloud-3.b: the mesh description gives it no service 'identity'"),
        (["--scope", "CloudTwo"], "--scope 'CloudTwo': EXPR=LABEL is accepted, as in image=CloudTwo=Images of CloudTwo"),
        (["--scope", "image=CloudTwo="], "EXPR=LABEL is accepted"),
        (["--scope", 'image=CloudTwo="a"'], 'a label has at most 100 characters, without = " \\ { } and %'),
        (["--scope", "image=CloudTwo=a\nb"], "EXPR=LABEL is accepted"),
        (["--scope", "image=CloudTwo"], "the scope 'image' with the label 'CloudTwo': column 1: service=cloud is expected"),
        (["--scope", "image=CloudTow=x"], "the scope 'image=CloudTow' with the label 'x': column 7: unknown cloud 'CloudTow'"),
        (["--scope", "image=CloudTwo=CloudOne", "--cloud", "CloudOne"], "two scopes have the label 'CloudOne'"),
        (["--scope", "image=CloudTwo=a", "--scope", "glance=CloudTwo=b"], "'CloudOne: a' and 'CloudOne: b' are the same scope"),
    ],
)
def test_an_invalid_command(say: Say, words: list[str], error: str) -> None:
    said = say(*words, code=1)
    assert error in said
    assert said.count("\n") == 1


def test_a_mesh_of_many_clouds_has_too_many_pairs(say: Say) -> None:
    each = "  Cloud{0}: {{services: {{identity: {{frontend: 'http://c{0}.example/identity'}}, image: {{frontend: 'http://c{0}.example/image'}}}}}}"
    Path("mesh.yaml").write_text("mesh: 1\nclouds:\n" + "\n".join(each.format(number) for number in range(40)))
    assert "there are more than 1000 scopes to offer" in say(code=1)
    assert say("--cloud", "Cloud7").count("identity") == 40


def test_a_mesh_without_keystones(say: Say) -> None:
    Path("mesh.yaml").write_text("mesh: 1\nclouds:\n  CloudOne: {services: {image: {frontend: 'http://one.example/image'}}}\n")
    assert "no cloud of the mesh has the service 'identity'" in say(code=1)
