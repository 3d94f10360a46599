"""Random schemas, with custom fields and those of another plugin: the database and memory find the same records."""

from __future__ import annotations

import random

import pytest

from reliability.check_filters import hostile_filters
from reliability.random_filters import RandomWorld

SEED = 20_260_301


@pytest.mark.parametrize("number", range(4))
def test_database_and_memory_agree(database_url: str, number: int) -> None:
    """250 filters on each of four schemas; nearly all are answered, and find something."""
    world = RandomWorld(database_url, random.Random(SEED + number))
    told = world.compare(250)
    world.close()

    assert told["answered"] > 200
    assert told["found"] > 1_000


def test_hostile_texts_at_every_place(database_url: str) -> None:
    """What `make reliability` asks of thousands."""
    figure = hostile_filters(lambda: database_url, SEED, count=20)

    assert figure["passed"], figure
    assert figure.get("answered", 0) + figure.get("refused", 0) == 20 * figure["places"]
