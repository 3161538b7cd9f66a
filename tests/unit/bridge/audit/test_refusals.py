# SPDX-License-Identifier: Apache-2.0
"""Refused requests write a bounded number of lines, and none of them goes uncounted."""

from dataclasses import replace
from pathlib import Path

import pytest

from openstackoid.bridge.audit.audit_file import Audit, AuditError
from openstackoid.bridge.audit.audit_log import REFUSED, Party
from openstackoid.bridge.audit.refusals import FIRST, MOST_SOURCES, Refusals, lines_of
from unit.bridge.audit.test_audit_log import LINE, lines

JUNK = replace(
    LINE, outcome=REFUSED, status=401, rule=None, user=None, project=None, roles=(), reason="the token is not accepted"
)


class Clock:
    now = 1764000000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals(clock: Clock) -> Refusals:
    return Refusals(clock)


def test_the_first_few_of_a_minute_have_a_line_each_and_the_others_one_together(refusals: Refusals, clock: Clock) -> None:
    written = [line for _ in range(1000) for line in refusals.sift([JUNK])]
    assert written == [JUNK] * FIRST
    clock.now += 59
    assert lines_of(refusals.take()) == []
    clock.now += 1
    (total,) = lines_of(refusals.take())
    assert (total.count, total.outcome, total.status, total.sender, total.service) == (990, "refused", 401, "CloudOne", "image")
    assert (total.reason, total.path) == ("the sum of 990 refused requests of CloudOne", "...")
    assert lines_of(refusals.take()) == []
    assert refusals.sift([JUNK]) == [JUNK], "a new minute has begun"


def test_a_sum_has_the_values_that_its_requests_have_in_common(refusals: Refusals) -> None:
    refusals.sift([JUNK] * FIRST)
    others = [replace(JUNK, service="compute", home="CloudTwo"), replace(JUNK, service="network", status=403), JUNK]
    assert refusals.sift(others) == []
    (total,) = lines_of(refusals.take(all_sums=True))
    assert (total.count, total.service, total.home, total.status, total.interface) == (3, "-", "-", 0, "public")


def test_a_use_that_is_allowed_is_never_summed(refusals: Refusals) -> None:
    assert refusals.sift([LINE] * 100 + [JUNK] * 100) == [LINE] * 100 + [JUNK] * FIRST


def test_one_source_hides_none_of_another(refusals: Refusals) -> None:
    refusals.sift([JUNK] * 100)
    for other in (replace(JUNK, sender="CloudThree"), replace(JUNK, sender=None), replace(JUNK, direction="out")):
        assert refusals.sift([other]) == [other]


def test_the_number_of_sources_is_bounded(refusals: Refusals) -> None:
    sources = [replace(JUNK, sender=f"Cloud{number}") for number in range(1000)]
    assert refusals.sift(sources) == sources[:MOST_SOURCES]
    (total,) = lines_of(refusals.take(all_sums=True))
    assert (total.count, total.reason) == (900, "the sum of 900 refused requests of further sources")


def test_a_clock_that_is_set_back_ends_the_minute(refusals: Refusals, clock: Clock) -> None:
    refusals.sift([JUNK] * (FIRST + 1))
    clock.now -= 3600
    assert [line.count for line in lines_of(refusals.take())] == [1]


def test_the_log_has_the_sum_when_its_minute_is_over_and_at_the_end(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "audit.log"
    audit = Audit(path, clock)
    for _ in range(50):
        audit.write(JUNK)
    audit.flush()
    assert len(lines(path)) == FIRST
    clock.now += 60
    audit.flush()
    assert lines(path)[-1]["count"] == 40
    for _ in range(15):
        audit.write(JUNK)
    audit.flush(all_sums=True)
    audit.close()
    assert lines(path)[-1]["count"] == 5
    assert sum(line.get("count", 1) for line in lines(path)) == 65


def test_a_sum_that_cannot_be_written_is_kept(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "audit.log"
    audit = Audit(path, clock)
    audit.write(*[JUNK] * (FIRST + 5))
    audit.close()
    path.rename(tmp_path / "moved")
    path.mkdir()
    clock.now += 60
    for _ in range(2):
        with pytest.raises(AuditError):
            audit.flush()
    with pytest.raises(AuditError):
        audit.write(LINE)
    path.rmdir()
    audit.write(LINE)
    audit.close()
    assert [line.get("count", 1) for line in lines(path)] == [5, 1]


def test_without_its_reserve_only_sums_are_written(tmp_path: Path, clock: Clock) -> None:
    audit = Audit(tmp_path / "audit.log", clock)
    assert audit.reserve.keep(4096)
    assert audit.reserve.release()
    audit.write(LINE, JUNK)
    assert [line["outcome"] for line in lines(tmp_path / "audit.log")] == ["allowed"]
    audit.flush(all_sums=True)
    audit.close()
    assert lines(tmp_path / "audit.log")[-1]["outcome"] == "refused"


def test_an_address_is_a_source_where_no_certificate_names_a_cloud(refusals: Refusals) -> None:
    one, other = (replace(JUNK, sender=None, source=address) for address in ("192.0.2.7", "192.0.2.8"))
    assert refusals.sift([one] * 100 + [other]) == [one] * FIRST + [other]
    (total,) = lines_of(refusals.take(all_sums=True))
    assert (total.source, total.reason) == ("192.0.2.7", "the sum of 90 refused requests of 192.0.2.7")


def test_all_addresses_of_an_ipv6_network_are_one_source(refusals: Refusals) -> None:
    """One client has 2**64 of them, and could otherwise take the places of all other sources."""
    found = [replace(JUNK, sender=None, source=f"2001:db8::{number:x}") for number in range(200)]
    others = [
        replace(JUNK, sender=None, source=address) for address in ("2001:db8:0:1::1", "::ffff:192.0.2.7", "::ffff:192.0.2.8")
    ]
    assert refusals.sift(found + others) == found[:FIRST] + others
    (total,) = lines_of(refusals.take(all_sums=True))
    assert (total.count, total.reason) == (190, "the sum of 190 refused requests of 2001:db8::/64")


def test_made_up_tokens_hide_no_known_user(refusals: Refusals) -> None:
    refusals.sift([JUNK] * 100)
    probe = replace(LINE, outcome=REFUSED, status=403, reason="the policy does not allow it")
    assert refusals.sift([probe] * 30) == [probe] * FIRST
    junk, known = lines_of(refusals.take(all_sums=True))
    assert (junk.count, junk.user) == (90, None)
    assert (known.count, known.user, known.project, known.rule) == (20, LINE.user, LINE.project, LINE.rule)
    refusals.sift([probe] * FIRST + [probe, replace(probe, user=None), replace(probe, user=Party("u2", "eve", "Default"))])
    (known,) = lines_of(refusals.take(all_sums=True))
    assert (known.count, known.user, known.project) == (2, None, LINE.project)
