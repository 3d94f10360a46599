"""Whatever stands in a filter: an answer, or a clear refusal; never an error of the database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pycrm import CRM, Account, Principal, Reader
from pycrm.errors import QueryError, UnknownNameError
from reliability.hostile_text import hostile_pairs

ADMINISTRATOR = Principal("mei", roles={"administrator"}, attributes={"x": "'; --"})
COUNT = 5_000
SEED = 20_260_301


@pytest.fixture
def reader(database_url: str) -> Iterator[Reader]:
    """The door of a CRM with two accounts."""
    crm = CRM(database_url, plugins=[])
    crm.migrate()
    with crm.acting_as(ADMINISTRATOR) as ws:
        ws.create_many([Account(name="海晨 'a'", country="CN"), Account(name="a", country="DE")])
    with crm.reading_as(ADMINISTRATOR) as reader:
        yield reader
    crm.close()


def test_hostile_text_anywhere(reader: Reader) -> None:
    """5,000 texts made to do harm, at every place: each is answered, or refused by a sentence of ours."""
    answered = 0
    for place, text in hostile_pairs(COUNT, SEED):
        asked = place(text)
        try:
            reader.list(Account, limit=1, **asked)
            answered += 1
        except (QueryError, UnknownNameError) as refused:
            assert 10 < len(str(refused)) < 3_000, asked  # noqa: PT017  either is right

    assert reader.count(Account) == 2
    assert answered > COUNT / 10
