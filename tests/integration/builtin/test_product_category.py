from __future__ import annotations

from decimal import Decimal

import pytest

from pycrm import Product, ProductCategory, Quantity, UnitOfMeasure, ValidationError, Workspace, convert_quantity


def test_category_tree(ws: Workspace) -> None:
    """Categories lead to what is below them, and to their products."""
    textiles = ws.create(ProductCategory(name="纺织品", code="TX"))
    towels = ws.create(ProductCategory(name="毛巾", parent=textiles))
    ws.create(Product(code="T-1", name="Bath towel", category=towels, hs_code="6302.60"))

    top = ws.get(ProductCategory, textiles.id, include="subcategories.products")
    (below,) = top.related("subcategories")
    assert [product.code for product in below.related("products")] == ["T-1"]


def test_category_in_use_stays(ws: Workspace) -> None:
    """A category with products or with categories below it is not deleted."""
    textiles = ws.create(ProductCategory(name="纺织品"))
    towels = ws.create(ProductCategory(name="毛巾", parent=textiles))
    ws.create(Product(code="T-1", name="Bath towel", category=towels))

    for category in (textiles, towels):
        with pytest.raises(ValidationError) as caught:
            ws.delete(category)
        assert [problem.code for problem in caught.value.problems] == ["record.referenced"]


def test_weight_of_product(ws: Workspace) -> None:
    """A weight is kept in the unit in which it was given; a bare number is kilograms."""
    light, heavy = ws.create_many(
        [Product(code="L", name="Light", weight="350 g"), Product(code="H", name="Heavy", weight=Decimal("12.5"))]  # type: ignore[arg-type]
    ).created

    assert ws.get(Product, light.id).weight == Quantity(350, "g")
    assert ws.get(Product, heavy.id).weight == Quantity("12.5", "kg")


def test_own_units_convert(ws: Workspace) -> None:
    """Stored units of one's own say what they convert into."""
    ws.create(UnitOfMeasure(code="pallet80", name="Pallet of 80", dimension="count", factor=Decimal(80)))

    assert convert_quantity(Quantity(2, "pallet80"), "dz", ws.iterate(UnitOfMeasure)).rounded(2) == Quantity(
        "13.33", "dz"
    )


@pytest.mark.parametrize(
    ("facts", "code", "path"),
    [
        ({"code": "kg"}, "unit_of_measure.known", "code"),
        ({"code": "公斤"}, "unit_of_measure.known", "code"),
        ({"code": "80 pieces"}, "unit_of_measure.bad_code", "code"),
        ({"factor": Decimal(0)}, "unit_of_measure.not_positive", "factor"),
    ],
)
def test_unit_is_judged(ws: Workspace, facts: dict[str, object], code: str, path: str) -> None:
    """A unit of one's own has a code that nobody else has, and is more than nothing."""
    given = {"code": "pallet80", "name": "Pallet", "dimension": "count", "factor": Decimal(80), **facts}

    with pytest.raises(ValidationError) as caught:
        ws.create(UnitOfMeasure(**given))  # type: ignore[arg-type]
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [(code, path)]
