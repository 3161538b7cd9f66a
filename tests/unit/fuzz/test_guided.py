# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from fuzz.guided import GuidedError, run


def test_a_process_that_cannot_fuzz_says_why(tmp_path: Path) -> None:
    with pytest.raises(GuidedError, match=r"atheris|KeyError"):
        run("no such target", 1, tmp_path, lambda tried: None)
    assert list(tmp_path.glob("*.progress")) == []
