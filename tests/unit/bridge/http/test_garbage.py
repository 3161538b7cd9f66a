# SPDX-License-Identifier: Apache-2.0
import gc
import weakref
from collections.abc import Iterator

import pytest

from openstackoid.bridge.http.garbage import set_aside


class Kept:
    """Something that a weak reference can watch."""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_a_collection_does_not_look_at_what_was_set_aside() -> None:
    kept = [Kept() for _ in range(1000)]
    set_aside()
    later = Kept()
    seen = {id(one) for one in gc.get_objects()}
    assert id(later) in seen
    assert not seen & {id(one) for one in kept}


def test_what_was_set_aside_is_freed_once_nothing_refers_to_it() -> None:
    kept = Kept()
    freed = weakref.ref(kept)
    set_aside()
    del kept
    assert freed() is None
