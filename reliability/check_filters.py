"""Filters mean the same on each database and in memory, and whatever text stands in one is only text there."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pycrm import CRM, Account, Principal
from pycrm.errors import PycrmError, QueryError, UnknownNameError
from reliability.checks import NewDatabase, check
from reliability.hostile_text import PLACES, hostile_texts
from reliability.random_filters import Disagreement, RandomWorld

SCHEMAS = 20
CASES = 20_000
HOSTILE = 5_000
LONGEST = 3_000


@check("filters_agree")
def filters_agree(
    new_database: NewDatabase, seed: int, *, schemas: int = SCHEMAS, cases: int = CASES
) -> Mapping[str, Any]:
    """Random filters on random records of random schemas find the same records in the database and in memory."""
    chance = random.Random(seed)
    told: Counter[str] = Counter()
    differences: list[str] = []
    for _ in range(schemas):
        world = RandomWorld(new_database(), chance)
        try:
            told.update(world.compare(cases // schemas))
        except Disagreement as difference:
            differences.append(str(difference)[:LONGEST])
        finally:
            world.close()
    return {
        "passed": not differences,
        "schemas": schemas,
        "cases": cases,
        **told,
        "differences": len(differences),
        **({"first": differences[0]} if differences else {}),
    }


@check("hostile_filters")
def hostile_filters(new_database: NewDatabase, seed: int, *, count: int = HOSTILE) -> Mapping[str, Any]:
    """Every hostile text at every place is answered, or refused by a sentence of ours; nothing is lost."""
    principal = Principal("check", roles={"administrator"}, attributes={"x": "'; --"})
    crm = CRM(new_database(), plugins=[])
    crm.migrate()
    told: Counter[str] = Counter()
    with crm.acting_as(principal) as ws:
        ws.create_many([Account(name="海晨 'a'", country="CN"), Account(name="a", country="DE")])
    for text in hostile_texts(count, seed):
        # A unit of its own, so that an error of the database is counted and not carried on.
        try:
            with crm.reading_as(principal) as reader:
                for place in PLACES:
                    told[_answer(reader, place(text))] += 1
        except PycrmError as error:
            told["errors"] += 1
            told[f"{type(error).__name__}: {error}"[:200]] += 1
    with crm.reading_as(principal) as reader:
        kept = reader.count(Account)
    crm.close()
    return {"passed": not told["errors"] and kept == 2, "texts": count, "places": len(PLACES), **told}


def _answer(reader: Any, asked: Mapping[str, Any]) -> str:
    try:
        reader.list(Account, limit=1, **asked)
    except (QueryError, UnknownNameError) as refused:
        return "refused" if 10 < len(str(refused)) < LONGEST else "unclear"
    return "answered"
