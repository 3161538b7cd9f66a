# SPDX-License-Identifier: Apache-2.0
"""An error of the gateway quotes no secret in any message."""

import json

from openstackoid.bridge.errors import AnswerError, error_answer

TOKEN = "gAAAAABpJLx2Zk3vQ8-_abcdefghijklmnopqrstuvwxyz0123456789"


def test_neither_its_answer_nor_its_reason() -> None:
    error = AnswerError(400, f"gateway of CloudOne: not {TOKEN}", reason=f"password={TOKEN[:8]}")
    body = error_answer(error).body
    assert isinstance(body, bytes)
    assert json.loads(body)["error"]["message"] == "gateway of CloudOne: not ..."
    assert (str(error), error.reason) == ("gateway of CloudOne: not ...", "password=...")


def test_without_a_reason_the_message_is_one() -> None:
    error = AnswerError(404, "gateway of CloudOne: nothing is here")
    assert error.message == error.reason == "gateway of CloudOne: nothing is here"
