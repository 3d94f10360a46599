"""Text survives as it is, and never becomes SQL."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event

from pycrm import CRM, Account, F, Interaction, Product, ValidationError, field
from pycrm.errors import PycrmError, StorageError
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated

ROOT = Path(__file__).resolve().parent.parent
CASES = Path(os.environ.get("PYCRM_TEST_DATA") or ROOT.parent / "shared" / "data")
UNSTORABLE = ("\x00", "a\x00b", "\ud800", "\udfff", "x\ud83d", "\udc00\ud800")
PIECES = [
    *("'", '"', "`", "\\", ";", "--", "/*", "*/", "%", "%s", "%(x)s", "?", "?1", ":x", "$1", "$$", "{", "}", "{0}"),
    *(
        "(",
        ")",
        "[0]",
        ".",
        "..",
        "$.",
        "->",
        "->>",
        "#>>",
        "@",
        "||",
        ",",
        "\n",
        "\r",
        "\t",
        "\x01",
        "\u2028",
        "\ufeff",
    ),
    *("DROP TABLE crm_account", "OR 1=1", "UNION SELECT", "SLEEP(9)", "pg_sleep(9)", "null", "true", "0x41", "E'\\x'"),
    *("青岛", "海晨", "😀", "\U0010ffff", "é", "e\u0301", "\u202e", "ﬁ", "a", "Z", "1", " "),
]


def nasty_lines(folder: Path = CASES) -> list[str]:
    """Return the strings of the public case."""
    strings: list[str] = json.loads((folder / "nasty-strings" / "blns.json").read_text("utf-8"))
    return strings


def random_text(chance: random.Random, pieces: int = 6) -> str:
    """Return a text of pieces that mean something to some parser."""
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(1, pieces)))


@check("nasty_strings", promise=32)
def nasty_strings(
    new_database: NewDatabase, seed: int, *, strings: Sequence[str] | None = None, generated: int = 2_000
) -> Mapping[str, Any]:
    """Write texts into fields of each textual kind, read, change and read them again; every one must be the same.

    Beside the public strings: *generated* ones, every plane of Unicode, and one text of a million characters.
    """
    chance = random.Random(seed)
    given = list(nasty_lines() if strings is None else strings)
    texts = [*given, *(random_text(chance) for _ in range(generated)), *_planes(chance)]
    with migrated(new_database()) as crm:
        _define(crm, texts)
        created = [_account(text) for text in texts]
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many(created)
        changed_in = _different(crm, created, texts)
        shifted = [*texts[1:], texts[0]]
        with crm.acting_as(ADMINISTRATOR) as ws:
            records = [ws.get(Account, record.id) for record in created]
            for record, text in zip(records, shifted, strict=True):
                _set(record, text)
            ws.update_many(records)
        changed_by_update = _different(crm, created, shifted)
        not_found = _not_found(crm, shifted)
        long = _long_survives(crm)
        refused = _refused_alike(crm)
    figure = {
        "texts": len(texts),
        "public": len(given),
        "different_after_create": changed_in,
        "different_after_update": changed_by_update,
        "not_found_by_value": not_found,
        "million_characters_kept": long,
        "unstorable_refused": refused,
    }
    sound = changed_in == changed_by_update == not_found == 0 and long and refused == len(UNSTORABLE) * len(_PLACES)
    return {"passed": sound, **figure}


def _planes(chance: random.Random) -> list[str]:
    texts = []
    for plane in range(17):
        points = (chance.randrange(plane << 16, (plane + 1) << 16) for _ in range(60))
        texts.append("".join(chr(point) for point in points if not 0xD800 <= point <= 0xDFFF and point)[:50])
    return texts


def _define(crm: CRM, texts: Sequence[str]) -> None:
    options = [text for text in dict.fromkeys(texts) if 1 <= len(text) <= 255]
    with crm.acting_as(ADMINISTRATOR) as ws:
        ws.define_field(Account, "note", field.text(max_length=10_000))
        ws.define_field(Account, "essay", field.long_text())
        ws.define_field(Account, "pick", field.choice(options))
        ws.define_field(Account, "picks", field.multi_choice(options))
        ws.define_field(Account, "marks", field.tags())


def _account(text: str) -> Account:
    account = Account(name="x")
    _set(account, text)
    return account


def _set(account: Account, text: str) -> None:
    """Put *text* wherever it fits."""
    account.occupation = text if len(text) <= 255 else None
    account.description = text
    account.custom.note = text
    account.custom.essay = text
    account.custom.pick = text if 1 <= len(text) <= 255 else None
    account.custom.picks = (text,) if 1 <= len(text) <= 255 else ()
    is_short = 1 <= len(text) <= 100
    account.tags = (text,) if is_short else ()
    account.custom.marks = (text,) if is_short else ()


def _different(crm: CRM, records: Sequence[Account], texts: Sequence[str]) -> int:
    """Return how many of *records* do not hold their text, byte by byte, wherever it was put."""
    different = 0
    with crm.reading_as(ADMINISTRATOR) as reader:
        found = {each.id: each for each in reader.iterate(Account)}
    for record, text in zip(records, texts, strict=True):
        read = found[record.id]
        held = [read.description, read.custom.note, read.custom.essay]
        held += [read.occupation] if len(text) <= 255 else []
        held += [read.custom.pick, *read.custom.picks] if 1 <= len(text) <= 255 else []
        held += [*read.tags, *read.custom.marks] if 1 <= len(text) <= 100 else [text]
        different += not all(each is not None and each.encode() == text.encode() for each in held)
    return different


def _not_found(crm: CRM, texts: Sequence[str]) -> int:
    """Return how many of a sample of *texts* are not found by their value, or find another one."""
    missing = 0
    with crm.reading_as(ADMINISTRATOR) as reader:
        for text in texts[:: max(1, len(texts) // 100)]:
            for path in ("description", "custom.note"):
                page = reader.list(Account, where=F[path] == text, limit=50)
                values = {each.description if path == "description" else each.custom.note for each in page}
                missing += values != {text}
    return missing


def _long_survives(crm: CRM) -> bool:
    text = ("青" * 99 + "\n") * 10_000
    with crm.acting_as(ADMINISTRATOR) as ws:
        made = ws.create(Account(name="long", description=text, custom={"essay": text}))
    with crm.reading_as(ADMINISTRATOR) as reader:
        read = reader.get(Account, made.id)
    return bool(read.description == text == read.custom.essay)


_PLACES = ("name", "description", "number", "tags", "custom.note", "custom.essay", "custom.pick", "custom.marks")


def _refused_alike(crm: CRM) -> int:
    """Return how often what cannot be stored everywhere is refused as a problem of its field."""
    refused = 0
    for text in UNSTORABLE:
        for place in _PLACES:
            account = Account(name="x")
            value: Any = (text,) if place in ("tags", "custom.marks") else text
            if place.startswith("custom."):
                account.custom[place.removeprefix("custom.")] = value
            else:
                setattr(account, place, value)
            with crm.acting_as(ADMINISTRATOR) as ws:
                try:
                    ws.create(account)
                except ValidationError as error:
                    refused += [(each.field, each.code) for each in error.problems] == [(place, "text.unstorable")]
    return refused


@check("statement_shape", promise=28)
def statement_shape(new_database: NewDatabase, seed: int, *, payloads: int = 5_000) -> Mapping[str, Any]:
    """Give random texts to every parameter that takes one; the statements must be those of a harmless text.

    Values go into records and filters; names of fields, order, groups, measures, includes and cursors are refused
    without any statement, for none of them is a name. No database error may come of any of it.
    """
    chance = random.Random(seed)
    url = new_database()
    with migrated(url) as crm, crm.acting_as(ADMINISTRATOR) as ws:
        ws.define_field(Account, "note", field.text(indexed=True))
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda driver, _record: driver.execute("PRAGMA foreign_keys = ON"))
    seen: list[str] = []
    crm = CRM(engine, plugins=[])
    shapes_changed = name_statements = database_errors = names_taken = 0
    try:
        _values(crm, "warm")
        event.listen(engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
        _values(crm, "plain")
        plain = seen.copy()
        for number in range(payloads):
            payload = random_text(chance) + str(number)
            seen.clear()
            try:
                _values(crm, payload)
            except StorageError:
                database_errors += 1
            shapes_changed += seen != plain
            seen.clear()
            errors, taken = _names(crm, payload)
            database_errors += errors
            names_taken += taken
            name_statements += sum(1 for statement in seen if payload in statement)
    finally:
        crm.close()
        engine.dispose()
    figure = {
        "payloads": payloads,
        "shapes_changed": shapes_changed,
        "names_in_statements": name_statements,
        "names_taken": names_taken,
        "database_errors": database_errors,
    }
    wrong = shapes_changed + name_statements + names_taken + database_errors
    return {"passed": wrong == 0, **figure}


def _values(crm: CRM, payload: str) -> None:
    """Use *payload* as a value wherever the door takes one."""
    with crm.acting_as(ADMINISTRATOR) as ws:
        made = ws.create(Account(name=payload, industry=payload, tags=[payload], custom={"note": payload}))
        ws.update(made, industry=f"{payload}x", description=payload, **{"custom.note": f"{payload}x"})
        ws.upsert_many(Product, [Product(code=payload, name=payload)], by=["code"])
        ws.create(Interaction(kind="note", happened_at=ws.now(), subject=payload, about=made))
        ws.find(Account, name=payload, **{"custom.note": f"{payload}x"})
        ws.count(Account, where=(F.industry.in_([payload])) & (F.custom.note > payload) & (F.owner.name != payload))
        ws.delete(made)


def _names(crm: CRM, payload: str) -> tuple[int, int]:
    """Use *payload* as a name wherever the door takes one; return database errors, and names that were taken."""
    errors = taken = 0
    with crm.acting_as(ADMINISTRATOR) as ws:
        calls: list[Any] = [
            lambda: ws.list(Account, order_by=payload),
            lambda: ws.list(Account, order_by=f"name {payload}"),
            lambda: ws.list(Account, where=F[payload] == "x"),
            lambda: ws.list(Account, where=F["custom." + payload] == "x"),
            lambda: ws.list(Account, include=payload),
            lambda: ws.list(Account, after=payload),
            lambda: ws.aggregate(Account, measures=[payload]),
            lambda: ws.aggregate(Account, measures=[f"sum({payload})"]),
            lambda: ws.aggregate(Account, measures=["count()"], group_by=payload),
            lambda: ws.define_field(Account, f"a {payload}", field.text(indexed=True)),
            lambda: ws.create(Account(name="x", custom={payload: "x"})),
            lambda: ws.find(Account, **{payload: "x"}),
        ]
        for call in calls:
            try:
                call()
            except StorageError:
                errors += 1
            except PycrmError:
                continue
            taken += 1
    return errors, taken
