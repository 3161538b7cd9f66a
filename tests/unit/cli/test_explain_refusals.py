# SPDX-License-Identifier: Apache-2.0
"""``openstackoid explain`` refuses each option that it does not understand, in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openstackoid.cli import main
from openstackoid.cli.explain import METHODS


class TestWhatIsNotUnderstood:
    @pytest.mark.parametrize(
        ("url", "said"),
        [
            (
                "https://10.0.1.10/image",
                "the gateway of CloudOne has no frontend https://10.0.1.10:443; it has: http://10.0.1.10:80",
            ),
            ("image", "'image' is not a URL; http(s)://HOST[:PORT]/PATH, or /PATH, is accepted, as it is sent: percent-encoded"),
            ("", "'' is not a URL; http(s)://HOST[:PORT]/PATH, or /PATH, is accepted, as it is sent: percent-encoded"),
            (
                "http://10.0.1.10/a b",
                "'http://10.0.1.10/a b' is not a URL; http(s)://HOST[:PORT]/PATH, or /PATH, is accepted, as it is",
            ),
            (
                "/image#top",
                "'/image#top' is not a URL; http(s)://HOST[:PORT]/PATH, or /PATH, is accepted, as it is sent: percent-encoded",
            ),
            (
                "http://me:pw@10.0.1.10/image",
                "'http://...@10.0.1.10/image' is not a URL; http(s)://HOST[:PORT]/PATH, or /PATH, is",
            ),
            (
                "http://10.0.1.10:8080/image",
                "the gateway of CloudOne has no frontend http://10.0.1.10:8080; it has: http://10.0.1.10:80",
            ),
            ("/.openstackoid/health", "paths below /.openstackoid/ are the gateway's own pages"),
        ],
    )
    def test_a_url_is_one_line(self, url: str, said: str, refused: Callable[..., str]) -> None:
        line = refused("GET", url)
        assert line.startswith(f"openstackoid explain: {said}")
        assert line.count("\n") == 1

    def test_a_path_alone_where_there_are_several_frontends(self, refused: Callable[..., str]) -> None:
        assert refused("GET", "/v2/images", at="CloudTwo") == (
            "openstackoid explain: '/v2/images' is a path alone, and the gateway of CloudTwo has several frontends:"
            " http://10.0.2.10:5000, http://10.0.2.10:8774, http://10.0.2.10:8778, http://10.0.2.10:9292, http://10.0.2.10:9696\n"
        )

    def test_a_method(self, refused: Callable[..., str]) -> None:
        line = refused("BREW", "/image").splitlines()[-1]
        assert line == f"openstackoid explain: error: argument METHOD: 'BREW' is not a method; {', '.join(METHODS)} are accepted"

    @pytest.mark.parametrize("header", ["X-Auth-Token=s3cret", "X-Auth-Token: s3cret\nX-Scope: {}", ": s3cret"])
    def test_a_header_is_not_repeated(self, header: str, refused: Callable[..., str]) -> None:
        said = refused("--header", header, "GET", "/image")
        assert said.endswith("a header is written 'Name: value', on one line\n")
        assert "s3cret" not in said

    def test_a_remembered_scope(self, refused: Callable[..., str]) -> None:
        assert refused("--remembered", '{"image": "CloudTen"}', "GET", "/image") == (
            "openstackoid explain: --remembered, column 11: unknown cloud 'CloudTen'; known: CloudOne, CloudTwo\n"
            '{"image": "CloudTen"}\n          ^^^^^^^^^^\n'
        )

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--config", "mesh.yaml", "--at", "CloudSix"], "the mesh has no cloud 'CloudSix'; known: CloudOne, CloudTwo"),
            (["--config", "no.yaml", "--at", "CloudOne"], "no.yaml: cannot read the mesh description: No such file or directory"),
            (["--config", "mesh.yaml", "--at", "CloudOne", "--body", "no"], "cannot read no: No such file or directory"),
        ],
    )
    def test_an_unknown_name_is_an_error(
        self, words: list[str], said: str, desk: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["explain", *words, "GET", "/image"]) == 1
        assert capsys.readouterr() == ("", f"openstackoid: {said}\n")
