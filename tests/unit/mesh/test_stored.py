# SPDX-License-Identifier: Apache-2.0
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from openstackoid.mesh.description import Reader
from openstackoid.mesh.files import Key
from openstackoid.mesh.stored import NotStoredError, Record, is_stored, read_stored, stored

TEXT = """\
mesh: 1
shared: [{service: image, clouds: [One, Two]}]
collaborations: [{name: r, service: image, partner: compute, requests: [POST /x], reason: y, when: {a: b}, unless: {c: [d]}}]
clouds:
  One:
    region: "Sü\\u2028d"
    gateway: {bind: '*', tls: {certificate: /c, authority: /a}}
    policy: {peers: {Two: {services: {image: all}}}}
    services: {image: {frontend: "http://one/image", backend: "http://inside:1"}}
  Two:
    services: {image: {frontend: "http://two/image"}}
"""
RECORDS = {
    "a.yaml": Record(Key(1, 2, 3, 4), "digest", Reader().described(TEXT, "a")),
    "b.yaml": Record(None, "other", Reader().described(TEXT.replace("One", "Three"), "b")),
}
CONTENT = stored("cache", "about", RECORDS)


def test_stored_records_are_read_back() -> None:
    read = read_stored(CONTENT, "cache", "about")
    assert read == RECORDS
    assert [len({id(record.content.clouds[name].layout) for record in read.values() for name in record.content.clouds})] == [2]
    assert stored("cache", "about", read) == CONTENT


def test_the_kind_of_a_stored_file_is_recognized() -> None:
    assert (is_stored(CONTENT, "cache"), is_stored(CONTENT, "mesh"), is_stored(TEXT.encode(), "cache")) == (True, False, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: content + b" ",
        lambda content: content.replace(b"Two", b"Six"),
        lambda content: content.replace(b" 4 ", b" 3 ", 1),
        lambda content: b"\xff" + content,
        lambda content: content.partition(b"\n")[2],
    ],
)
def test_a_damaged_file_is_not_read(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(NotStoredError, match="torn, or of another version"):
        read_stored(change(CONTENT), "cache", "about")


def test_a_file_of_another_subject_is_not_read() -> None:
    with pytest.raises(NotStoredError, match="another subject"):
        read_stored(CONTENT, "cache", "about this")
    with pytest.raises(NotStoredError, match="torn, or of another version"):
        read_stored(CONTENT, "mesh", "about")


def lying(change: Callable[[Any], object]) -> bytes:
    head, *lines = CONTENT.split(b"\n")
    document = [json.loads(line) for line in lines]
    change(document)
    body = b"\n".join(json.dumps(line).encode() for line in document)
    return head.rpartition(b" ")[0] + b" " + sha256(body).hexdigest().encode() + b"\n" + body


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines.clear(),
        lambda lines: lines.pop(0),
        lambda lines: lines[0].pop("layouts"),
        lambda lines: lines[0].update(more=1),
        lambda lines: lines[0]["layouts"].clear(),
        lambda lines: lines[0]["layouts"].__setitem__(0, []),
        lambda lines: lines[0]["layouts"][0].update(endpoints=[]),
        lambda lines: lines[0]["layouts"][0].update(more=1),
        lambda lines: lines[0]["layouts"][0]["endpoints"][0].update(more=1),
        lambda lines: lines[0]["layouts"][0]["endpoints"][0].pop("service"),
        lambda lines: lines[0]["layouts"][0]["endpoints"][0]["frontend"].update(host=-1),
        lambda lines: lines[0]["layouts"][0]["endpoints"][0]["frontend"].update(host="one"),
        lambda lines: lines[0]["layouts"][0]["endpoints"][0]["frontend"].update(port="80"),
        lambda lines: lines[0]["layouts"][0]["endpoints"][0]["backends"][0].update(host=-1),
        lambda lines: lines[0]["layouts"][0]["endpoints"][0]["backends"][0].pop("path"),
        lambda lines: lines[0]["settings"].__setitem__(0, ['{"gateway": {"bind": "a b"}}', [], []]),
        lambda lines: lines[0]["settings"].__setitem__(0, ["[", [], []]),
        lambda lines: lines[1][3]["One"].__setitem__(0, 9),
        lambda lines: lines[1][3]["One"].__setitem__(0, -1),
        lambda lines: lines[1][3]["One"][3].pop(),
        lambda lines: lines[1][3]["One"].__setitem__(3, "xy"),
        lambda lines: lines[1].__setitem__(1, [1, 2]),
        lambda lines: lines[1][5][0].pop("name"),
        lambda lines: lines[1][5][0].update(more=1),
        lambda lines: lines[1].__setitem__(0, None),
        lambda lines: lines.append({}),
    ],
)
def test_a_file_with_a_false_layout_is_not_read(change: Callable[[Any], object]) -> None:
    with pytest.raises(NotStoredError):
        read_stored(lying(change), "cache", "about")


def test_a_change_that_is_none_is_taken() -> None:
    assert read_stored(lying(lambda _: None), "cache", "about") == RECORDS
