"""Pinyin on PostgreSQL: the SQL of `pycrm.values.pinyin`.

Its own collations order Chinese by readings too, but by others than ours. The readings travel with the question, as two
constants of some 60 KB, so nothing has to be installed in the database, and an upgrade of the readings needs no
migration.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
)

from pycrm.values.pinyin import FIRST, LAST, SURNAMES, reading_codes

__all__ = ["name_pinyin_sql", "pinyin_sql"]


def pinyin_sql(folded: Any) -> Any:
    """Return the SQL of `to_pinyin` of a text that is folded already.

    Raises:
        MissingExtraError: The readings are not known here.
    """
    from sqlalchemy.dialects.postgresql import aggregate_order_by  # with a dialect behind it that others go without

    signs = (
        func.unnest(func.string_to_array(cast(folded, Text()), literal_column("NULL")))
        .table_valued(column("sign", Text()), with_ordinality="place", name="signs")
        .render_derived()
    )
    sign: Any = signs.c.sign
    read = func.coalesce(literal_column("' '") + _syllable(sign) + literal_column("' '"), sign)
    joined = func.string_agg(read, aggregate_order_by(literal_column("''"), cast(signs.c.place, BigInteger())))
    text = select(func.coalesce(joined, literal_column("''"))).select_from(signs).scalar_subquery()
    single = func.btrim(func.regexp_replace(text, *map(literal_column, ("' +'", "' '", "'g'"))), literal_column("' '"))
    return case((folded.is_not(None), cast(single, Text()))).collate("C")


def name_pinyin_sql(folded: Any) -> Any:
    """Return the SQL of `to_name_pinyin` of a name that is folded already."""
    surnames: Any = literal_column(f"'{''.join(SURNAMES)}'")
    readers: Any = literal_column(f"'{''.join(SURNAMES.values())}'")
    first = func.translate(func.left(folded, literal_column("1")), surnames, readers, type_=Text())
    return pinyin_sql(first + func.substr(folded, literal_column("2"), type_=Text()))


def _syllable(character: Any) -> Any:
    """Return the SQL of the usual syllable of one character; missing where it has none."""
    known = reading_codes()
    codes = bindparam("crm_reading_codes", known.codes, LargeBinary())
    # As the one argument of a function a parameter may be followed by an index.
    listed = func.coalesce(bindparam("crm_syllables", list(known.syllables), ARRAY(Text())), type_=ARRAY(Text()))
    point = func.ascii(character, type_=Integer())
    first, last, two, one = (literal_column(str(number), Integer()) for number in (FIRST, LAST, 2, 1))
    at = (point - first) * two
    high = func.get_byte(codes, at, type_=Integer()) * literal_column("256", Integer())
    number = high + func.get_byte(codes, at + one, type_=Integer())
    # Before the first syllable, where number 0 of no reading would be, an array has nothing.
    syllable = listed[number]
    return case((point.between(first, last), syllable))
