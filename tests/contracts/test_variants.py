"""The shipped table of traditional and simplified characters is what the script would write now."""

from __future__ import annotations

import os

import pytest

from tools.variants import TARGET, page

pytestmark = pytest.mark.docs


def test_current() -> None:
    """It follows from the characters of OpenCC."""
    if not os.environ.get("CI"):
        pytest.importorskip("opencc")

    assert TARGET.read_text("utf-8") == page(), "run python -m tools.variants"
