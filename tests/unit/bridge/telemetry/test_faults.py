# SPDX-License-Identifier: Apache-2.0
"""An error is the fault of the gateway, of a service of its cloud, or of a peer."""

from types import SimpleNamespace
from typing import cast
from unittest.mock import MagicMock

import pytest

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.proxy.executor import Executor
from openstackoid.bridge.telemetry.faults import at_fault
from openstackoid.routing import All, Otherwise, Single
from openstackoid.telemetry import GATEWAY, PEER, SERVICE

HERE, THERE = "CloudOne", "CloudTwo"


def executor(cloud: str, plan: type = Single) -> Executor:
    """Return an executor whose last request went to the cloud."""
    return cast(Executor, SimpleNamespace(cloud=cloud, decision=SimpleNamespace(plan=MagicMock(spec=plan))))


def test_an_answer_passed_on_is_the_fault_of_its_cloud() -> None:
    assert at_fault(None, executor(HERE), HERE) == SERVICE
    assert at_fault(None, executor(THERE), HERE) == PEER


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_its_own_is_the_gateways_fault(status: int) -> None:
    error = AnswerError(status, "gateway of CloudOne: its store cannot be used")
    assert at_fault(error, None, HERE) == GATEWAY
    assert at_fault(error, executor(THERE), HERE) == GATEWAY


@pytest.mark.parametrize(("cloud", "part"), [(HERE, SERVICE), (THERE, PEER)])
def test_an_error_that_names_a_cloud_is_that_clouds_fault(cloud: str, part: str) -> None:
    error = AnswerError(503, "gateway of CloudOne: cannot be reached", fault=cloud)
    assert at_fault(error, None, HERE) == part
    # The cloud of the error, where the request went to another one.
    assert at_fault(error, executor(HERE if cloud == THERE else THERE), HERE) == part


@pytest.mark.parametrize("plan", [All, Otherwise])
def test_of_several_clouds_the_last_that_was_asked_is_at_fault(plan: type) -> None:
    assert at_fault(AnswerError(502, "no cloud answers"), executor(THERE, plan), HERE) == PEER
    assert at_fault(AnswerError(503, "no cloud answers"), executor(HERE, plan), HERE) == SERVICE
    assert at_fault(AnswerError(500, "a defect of the bridge"), executor(THERE, plan), HERE) == GATEWAY


def test_an_error_before_the_request_was_read_is_the_gateways_fault() -> None:
    assert at_fault(None, None, HERE) == GATEWAY
