from __future__ import annotations

import pytest

from pycrm import Product, ValidationError, Workspace


def test_codes_are_compared_exactly(ws: Workspace) -> None:
    """Two codes that differ in case are two products."""
    upper, lower = (ws.create(Product(code=code, name="WHITE HANGING HEART")) for code in ("85123A", "85123a"))

    found = ws.find(Product, code="85123A")
    assert found is not None
    assert found.id == upper.id != lower.id


def test_code_is_unique(ws: Workspace) -> None:
    """A code names one product."""
    ws.create(Product(code="POST", name="POSTAGE"))

    with pytest.raises(ValidationError) as caught:
        ws.create(Product(code="POST", name="postage"))
    assert [problem.field for problem in caught.value.problems] == ["code"]


def test_product_needs_code_and_name(ws: Workspace) -> None:
    """Both are required, and both are reported at once."""
    with pytest.raises(ValidationError) as caught:
        ws.create(Product())

    assert {problem.field for problem in caught.value.problems} == {"code", "name"}
