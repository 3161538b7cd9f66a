# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest

from openstackoid.gateway import Configuration
from openstackoid.gateway.decisions import FIRST_PAUSE, LONGEST_PAUSE, STEADY, Part, Restarts, Watch, affected
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.mesh import PASSWORD, Account, parse_mesh
from unit.gateway.running import description


def configuration(text: str) -> Configuration:
    mesh = parse_mesh(text)
    return Configuration(mesh, mesh.clouds["CloudOne"], compile_gateway(mesh, "CloudOne", Runtime("b", "u", "s", "r", "l", "o")))


class TestRestarts:
    def test_the_pauses_grow_to_a_limit(self) -> None:
        restarts = Restarts()
        pauses = [restarts.after(1.0) for _ in range(40)]
        assert pauses[:4] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4, FIRST_PAUSE * 8]
        assert pauses == sorted(pauses)
        assert pauses[-1] == LONGEST_PAUSE

    def test_a_part_that_lived_long_is_started_at_once_again(self) -> None:
        restarts = Restarts()
        for _ in range(5):
            restarts.after(0.0)
        assert restarts.after(STEADY) == FIRST_PAUSE


class TestWatch:
    def test_the_same_content_is_not_read_again(self) -> None:
        watch = Watch(1)
        assert [watch.look(1) for _ in range(3)] == [False, False, False]

    def test_a_change_is_read_once_it_stands_still(self) -> None:
        watch = Watch(1)
        assert [watch.look(digest) for digest in (2, 3, 3, 3)] == [False, False, True, False]

    def test_a_change_that_is_taken_back_in_time_is_none(self) -> None:
        watch = Watch(1)
        assert [watch.look(digest) for digest in (2, 1, 1)] == [False, False, False]

    def test_a_file_that_went_is_tried_once_and_its_return_too(self) -> None:
        watch = Watch(1)
        assert [watch.look(digest) for digest in (None, None, None, 1, 1)] == [False, True, False, False, True]

    def test_files_read_on_request_are_not_read_again(self) -> None:
        watch = Watch(1)
        watch.asked(4)
        assert [watch.look(4) for _ in range(2)] == [False, False]


class TestAffected:
    text = description(8801, 9001)

    def test_a_comment_affects_no_part(self) -> None:
        assert affected(configuration(self.text), configuration("# new\n" + self.text)) == frozenset()

    def test_the_python_service_alone_by_a_region(self) -> None:
        candidate = configuration(self.text.replace("CloudOne:\n", "CloudOne:\n    region: North\n"))
        assert affected(configuration(self.text), candidate) == {Part.BRIDGE}

    def test_the_python_service_alone_by_another_reader_account(self) -> None:
        running = configuration(self.text)
        candidate = replace(running, accounts={"CloudTwo": Account(PASSWORD, "http://two/v3", {"password": "new"})})
        assert affected(running, candidate) == {Part.BRIDGE}

    @pytest.mark.parametrize("name", ["certificate.pem", "authority.pem"])
    def test_haproxy_alone_by_a_new_certificate(self, name: str) -> None:
        running = configuration(self.text)
        candidate = replace(running, files={**running.files, name: "new"})
        assert affected(running, candidate) == {Part.HAPROXY}
        assert "new" not in repr(candidate)

    def test_both_by_a_new_cloud(self) -> None:
        assert affected(configuration(self.text), configuration(description(8801, 9001, "CloudSix"))) == set(Part)
