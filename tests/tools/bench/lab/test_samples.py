# SPDX-License-Identifier: Apache-2.0
"""The figures of samples: medians, ratios within a round, and the parts of an added time."""

from dataclasses import dataclass

import pytest

from bench.lab.samples import Sample, part_of


@dataclass(frozen=True)
class Way:
    key: str
    title: str
    baseline: str | None = None


STRAIGHT, THROUGH = Way("straight", "straight"), Way("through", "through the gateway", "straight")


def test_a_round_has_the_median_of_times_and_the_mean_of_cpu() -> None:
    asked = [Sample(took=took, haproxy=cpu) for took, cpu in ((0.010, 0.0), (0.011, 0.0), (0.090, 0.003))]
    found = Sample.of(asked)
    assert found.took == 0.011
    assert found.haproxy == pytest.approx(0.001)


def test_ratios_are_made_within_a_round() -> None:
    """The machine was three times as slow in the last round, for both: nothing of that is the gateway's."""
    samples = {
        "straight": [Sample(0.010), Sample(0.010), Sample(0.030)],
        "through": [Sample(0.011), Sample(0.0105), Sample(0.033)],
    }
    part = part_of("images", "Images", [STRAIGHT, THROUGH], samples)
    straight, through = part.rows
    assert set(straight.figures) == {"took_ms"}
    assert straight.figures["took_ms"].median == pytest.approx(10)
    assert through.figures["time_ratio"].median == pytest.approx(1.1)
    assert through.figures["time_ratio"].count == 3
    assert through.figures["added_ms"].median == pytest.approx(1)


def test_added_time_is_reported_by_its_parts() -> None:
    samples = {
        "straight": [Sample(0.010, connect=0.0001, client=0.0005)],
        "through": [Sample(0.012, client=0.0007, haproxy=0.0009)],
    }
    part = part_of("images", "Images", [STRAIGHT, THROUGH], samples, notes=["Mind this."])
    assert part.notes == [
        "through the gateway, what is added: +2.00 ms; connecting -0.10, CPU of the client +0.20, of HAProxy +0.90",
        "Mind this.",
    ]


def test_an_unmeasured_part_has_no_figure() -> None:
    part = part_of("boot", "Boot", [STRAIGHT, THROUGH], {"straight": [Sample(2)], "through": [Sample(2)]})
    assert set(part.rows[1].figures) == {"took_ms", "time_ratio", "added_ms"}
    assert part.notes == ["through the gateway, what is added: +0.00 ms; of what, was not measured"]


def test_a_boot_also_has_the_time_until_it_was_accepted() -> None:
    (row,) = part_of("boot", "Boot", [STRAIGHT], {"straight": [Sample(2, accepted=0.2)]}).rows
    assert row.figures["accepted_ms"].median == pytest.approx(200)


def test_a_way_can_be_put_in_relation_to_another_than_its_baseline() -> None:
    alone = Way("alone", "TLS alone", "straight")
    samples = {"straight": [Sample(0.010)], "alone": [Sample(0.020)], "through": [Sample(0.022)]}
    part = part_of("images", "Images", [STRAIGHT, alone, THROUGH], samples, beside=[("through", "alone")])
    row = part.rows[-1]
    assert (row.key, row.title) == ("through_by_alone", "through the gateway, in relation to TLS alone")
    assert row.figures["time_ratio"].median == pytest.approx(1.1)


def test_a_ratio_leaves_out_what_is_spared() -> None:
    part = part_of(
        "composition", "Both", [STRAIGHT, THROUGH], {"straight": [Sample(0.010)], "through": [Sample(0.013)]}, spared=0.002
    )
    assert part.rows[-1].figures["time_ratio"].median == pytest.approx(1.1)
    assert part.rows[-1].figures["took_ms"].median == pytest.approx(13)


def test_a_ratio_to_another_way_leaves_it_out_too() -> None:
    samples = {"straight": [Sample(0.010)], "through": [Sample(0.013)]}
    part = part_of("composition", "Both", [STRAIGHT, THROUGH], samples, beside=[("through", "straight")], spared=0.002)
    assert part.rows[-1].key == "through_by_straight"
    assert part.rows[-1].figures["time_ratio"].median == pytest.approx(1.1)


def test_a_traced_way_is_in_relation_to_its_own_slowest_cloud() -> None:
    asked = [Sample(took=took, slowest=slowest) for took, slowest in ((0.012, 0.008), (0.013, 0.010), (0.040, 0.030))]
    (row,) = part_of("composition", "Both", [STRAIGHT], {"straight": [Sample.of(asked)]}, spared=0.002).rows
    assert row.figures["leg_ms"].median == pytest.approx(10)
    assert row.figures["time_ratio"].median == pytest.approx(1.1)
