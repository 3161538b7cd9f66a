# SPDX-License-Identifier: Apache-2.0
"""One question, asked by all its ways in turns, so that whatever else the machine does disturbs all alike."""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

from bench.errors import BenchError
from bench.lab.client import expect
from bench.lab.place import Place
from bench.lab.samples import Sample
from bench.lab.ways import Question, Way

T = TypeVar("T")


def drawn(items: Sequence[T]) -> list[T]:
    """Return the items in an order that is drawn anew.

    In an order that stays, or only begins elsewhere, a way would always follow the same other one, and find the service's
    process warm or cold by that: more than what a gateway adds to a short answer.
    """
    return random.sample(items, len(items))


def warm(question: Question, token: str) -> None:
    """Ask once by each way, which is not counted: connections stand then, and every cache knows the token.

    Raises :class:`BenchError` where an answer is not the right one.
    """
    for way in question.ways:
        if way.before is not None:
            expect(way.client.ask_again("GET", way.before, way.headers(token)), 200, way.title)
        answer = expect(way.client.ask_again("GET", way.path, way.headers(token)), 200, way.title)
        if way.digest is not None and hashlib.sha256(answer.content).hexdigest() != way.digest:
            raise BenchError(f"{way.title}: {question.title}: these are not the bytes that were uploaded")


def one_round(question: Question, place: Place, token: str) -> dict[str, Sample]:
    """Return a sample of each way by its key."""
    warm(question, token)
    asked: dict[str, list[Sample]] = {way.key: [] for way in question.ways}
    for _ in range(question.repeats):
        for way in drawn(question.ways):
            asked[way.key].append(_ask(question, way, place, place.new_token() if question.new_tokens else token))
    return {key: Sample.of(samples) for key, samples in asked.items()}


def _ask(question: Question, way: Way, place: Place, token: str) -> Sample:
    headers = way.headers(token)
    before = place.processes.used(way.process)
    answers = [way.client.ask("GET", path, headers, keep=False) for path in (way.before, way.path) if path is not None]
    used = place.processes.used(way.process) - before
    for answer in answers:
        expect(answer, 200, way.title)
    if question.length not in (None, answers[-1].length):
        raise BenchError(f"{way.title}: {question.title}: {answers[-1].length} bytes, not {question.length}")
    took, connect, client = (sum(times) for times in zip(*((one.seconds, one.connect, one.cpu) for one in answers), strict=True))
    return Sample(took, connect, client, used.haproxy, used.python, used.service, slowest=way.client.slowest_leg())
