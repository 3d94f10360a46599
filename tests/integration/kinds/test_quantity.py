"""Questions about quantities: by unit, as about money by currency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.lab import MEI

from pycrm import CRM, F, GeoPoint, Quantity, QueryError
from pycrm.plugin import Plugin, Record, field

store = Plugin("store")


@store.entity(title="name")
class Parcel(Record):
    name: str = field.text()
    weight: Quantity | None = field.quantity("kg", indexed=True)
    place: GeoPoint | None = field.geo_point()


@pytest.fixture
def crm(database_url: str) -> Iterator[CRM]:
    crm = CRM(database_url, plugins=[store])
    crm.migrate()
    weights: list[Any] = ["2 kg", "-1 kg", "500 g", "0 g", None, "1 t", "2.5"]
    with crm.acting_as(MEI) as ws:
        ws.create_many([Parcel(name=f"p{n}", weight=weight, place=(n, n)) for n, weight in enumerate(weights)])
    yield crm
    crm.close()


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (F.weight > 0, "p0 p2 p5 p6"),
        (F.weight == 0, "p3"),
        (F.weight <= 0, "p1 p3"),
        (F.weight > 1, "p0 p6"),
        (F.weight >= "400 g", "p2"),
        (F.weight == Quantity(2000, "g"), ""),
        (F.weight.in_(["1 t", 2]), "p0 p5"),
        (F.weight != "1 t", "p0 p1 p2 p3 p4 p6"),
        (F.weight.is_null(), "p4"),
    ],
)
def test_comparisons(crm: CRM, where: Any, names: str) -> None:
    """Zero is zero in every unit, a bare number is in the field's own, anything else compares within its unit."""
    with crm.reading_as(MEI) as reader:
        found = reader.list(Parcel, where=where, order_by="name")

    assert " ".join(parcel.name for parcel in found) == names


def test_sums(crm: CRM) -> None:
    """A sum is one quantity per unit, and adds up in one unit on demand."""
    with crm.reading_as(MEI) as reader:
        (answer,) = reader.aggregate(Parcel, measures=["sum(weight)", "count()"])
        (nothing,) = reader.aggregate(Parcel, measures=["sum(weight)"], where=F.name == "p4")

    assert dict(answer["sum(weight)"]) == {
        "g": Quantity(500, "g"),
        "kg": Quantity("3.5", "kg"),
        "t": Quantity(1, "t"),
    }
    assert answer["sum(weight)"].to("kg") == Quantity(1004, "kg")
    assert answer["count()"] == 7
    assert not nothing["sum(weight)"]


@pytest.mark.parametrize("question", ["count_distinct(weight)", "count_distinct(place)", "sum(place)"])
def test_refusals(crm: CRM, question: str) -> None:
    """What one part cannot tell is not counted, and places are not added up."""
    with crm.reading_as(MEI) as reader, pytest.raises(QueryError):
        reader.aggregate(Parcel, measures=[question])


def test_groups_are_refused(crm: CRM) -> None:
    """Records are not grouped by amounts of several units."""
    with crm.reading_as(MEI) as reader, pytest.raises(QueryError, match="not grouped by a quantity field"):
        reader.aggregate(Parcel, measures=["count()"], group_by="weight")
