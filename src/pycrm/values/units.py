"""Units of measure: their codes, what each is in its dimension's first unit, and what else people write for it.

Source: UN/ECE Recommendation 20, revision 17 (2021), "Codes for units of measure used in international trade", for
codes and metric factors, with the codes of packages taken from Recommendation 21 by a leading X; the factors of
customary units are the exact ones of the international yard and pound agreement of 1959, which the Recommendation
rounds. A month is no number of days here, so months, quarters and years make a dimension of their own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = ["Unit", "find_unit", "known_units"]


class Unit(NamedTuple):
    """One unit of measure.

    Attributes:
        code: What is stored and shown, as ``"kg"``.
        rec20: Its code in UN/ECE Recommendation 20, as ``"KGM"``.
        dimension: Units of one dimension convert into each other: ``"mass"``.
        factor: How many of the dimension's first unit it is.
        label: Its name by language, ``en`` and ``zh``.
    """

    code: str
    rec20: str
    dimension: str
    factor: Decimal
    label: Mapping[str, str]


# code, Recommendation 20, factor, English, Chinese, what else is understood
_Row = tuple[str, str, str, str, str, str]

_TABLE: Final[dict[str, tuple[_Row, ...]]] = {
    "mass": (
        ("kg", "KGM", "1", "kilogram", "千克", "kgs kilo 公斤"),
        ("mg", "MGM", "0.000001", "milligram", "毫克", ""),
        ("g", "GRM", "0.001", "gram", "克", "gr gm"),
        ("t", "TNE", "1000", "tonne", "吨", "mt ton-metric 公吨"),
        ("ct", "CTM", "0.0002", "metric carat", "克拉", "carat"),
        ("oz", "ONZ", "0.028349523125", "ounce", "盎司", "ounces"),
        ("lb", "LBR", "0.45359237", "pound", "磅", "lbs pounds"),
        ("ton-us", "STN", "907.18474", "short ton", "短吨", ""),
        ("ton-uk", "LTN", "1016.0469088", "long ton", "长吨", ""),
    ),
    "length": (
        ("m", "MTR", "1", "metre", "米", "meter meters metres"),
        ("um", "4H", "0.000001", "micrometre", "微米", "micron"),
        ("mm", "MMT", "0.001", "millimetre", "毫米", ""),
        ("cm", "CMT", "0.01", "centimetre", "厘米", "公分"),
        ("dm", "DMT", "0.1", "decimetre", "分米", ""),
        ("km", "KMT", "1000", "kilometre", "千米", "公里"),
        ("in", "INH", "0.0254", "inch", "英寸", "inches"),
        ("ft", "FOT", "0.3048", "foot", "英尺", "feet"),
        ("yd", "YRD", "0.9144", "yard", "码", "yards"),
        ("mi", "SMI", "1609.344", "mile", "英里", "miles"),
        ("nmi", "NMI", "1852", "nautical mile", "海里", ""),
    ),
    "area": (
        ("m2", "MTK", "1", "square metre", "平方米", "sqm 平米"),
        ("mm2", "MMK", "0.000001", "square millimetre", "平方毫米", ""),
        ("cm2", "CMK", "0.0001", "square centimetre", "平方厘米", ""),
        ("ha", "H18", "10000", "hectare", "公顷", "HAR"),
        ("km2", "KMK", "1000000", "square kilometre", "平方千米", "平方公里"),
        ("in2", "INK", "0.00064516", "square inch", "平方英寸", ""),
        ("ft2", "FTK", "0.09290304", "square foot", "平方英尺", "sqft"),
        ("yd2", "YDK", "0.83612736", "square yard", "平方码", ""),
    ),
    "volume": (
        ("m3", "MTQ", "1", "cubic metre", "立方米", "cbm 立方 方"),
        ("ml", "MLT", "0.000001", "millilitre", "毫升", ""),
        ("cl", "CLT", "0.00001", "centilitre", "厘升", ""),
        ("l", "LTR", "0.001", "litre", "升", "liter liters litres 公升"),
        ("hl", "HLT", "0.1", "hectolitre", "百升", ""),
        ("cm3", "CMQ", "0.000001", "cubic centimetre", "立方厘米", "cc"),
        ("dm3", "DMQ", "0.001", "cubic decimetre", "立方分米", ""),
        ("in3", "INQ", "0.000016387064", "cubic inch", "立方英寸", ""),
        ("ft3", "FTQ", "0.028316846592", "cubic foot", "立方英尺", "cft"),
        ("floz-us", "OZA", "0.0000295735295625", "US fluid ounce", "美制液体盎司", ""),
        ("gal-us", "GLL", "0.003785411784", "US gallon", "美制加仑", ""),
        ("gal-uk", "GLI", "0.00454609", "imperial gallon", "英制加仑", ""),
        ("bbl", "BLL", "0.158987294928", "barrel", "桶（石油）", ""),
    ),
    "time": (
        ("s", "SEC", "1", "second", "秒", "sec secs seconds"),
        ("ms", "C26", "0.001", "millisecond", "毫秒", ""),
        ("min", "MIN", "60", "minute", "分钟", "mins minutes"),
        ("h", "HUR", "3600", "hour", "小时", "hr hrs hours 工时"),
        ("d", "DAY", "86400", "day", "天", "days 日"),
        ("wk", "WEE", "604800", "week", "周", "weeks 星期"),
    ),
    "calendar": (
        ("mo", "MON", "1", "month", "个月", "months 月"),
        ("qtr", "QAN", "3", "quarter", "季度", "quarters 季"),
        ("a", "ANN", "12", "year", "年", "yr years"),
    ),
    "energy": (
        ("kWh", "KWH", "1", "kilowatt hour", "千瓦时", "度"),
        ("MWh", "MWH", "1000", "megawatt hour", "兆瓦时", ""),
        ("GWh", "GWH", "1000000", "gigawatt hour", "吉瓦时", ""),
    ),
    "count": (
        ("pc", "H87", "1", "piece", "件", "pcs pieces 个 只 支 台 条 把 EA each"),
        ("1", "C62", "1", "one", "一", "unit units"),
        ("pr", "PR", "2", "pair", "双", "pairs 对"),
        ("dz", "DZN", "12", "dozen", "打", "doz dozens"),
        ("hundred", "CEN", "100", "hundred", "百", ""),
        ("gross", "GRO", "144", "gross", "罗", ""),
        ("thousand", "MIL", "1000", "thousand", "千", ""),
    ),
    # What one of these holds differs from product to product, so each is a dimension of its own.
    "": (
        ("set", "SET", "1", "set", "套", "sets 组"),
        ("box", "XBX", "1", "box", "盒", "boxes"),
        ("carton", "XCT", "1", "carton", "箱", "ctn ctns cartons"),
        ("case", "XCS", "1", "case", "大箱", "cases"),
        ("pallet", "XPX", "1", "pallet", "托盘", "pallets 托"),
        ("bag", "XBG", "1", "bag", "袋", "bags"),
        ("roll", "XRO", "1", "roll", "卷", "rolls"),
        ("pack", "XPK", "1", "package", "包", "packs pkg pkgs"),
        ("drum", "XDR", "1", "drum", "桶", "drums"),
        ("bottle", "XBO", "1", "bottle", "瓶", "bottles"),
    ),
}


@cache
def known_units() -> Mapping[str, Unit]:
    """Return the known units by code, those of one dimension together."""
    return MappingProxyType({unit.code: unit for unit, _ in _rows()})


def find_unit(text: str) -> Unit | None:
    """Return the unit that *text* means: its code, that of Recommendation 20, its name, or another usual spelling.

    Capitals do not matter: of the units known here no two differ in them alone.
    """
    word = unicodedata.normalize("NFKC", text).strip()  # "㎡" and "m²" become "m2"
    return _spellings().get(word.casefold())


@cache
def _spellings() -> Mapping[str, Unit]:
    return {
        spelling.casefold(): unit
        for unit, others in _rows()
        for spelling in (unit.code, unit.rec20, unit.label["en"], unit.label["zh"], *others)
    }


def _rows() -> Iterator[tuple[Unit, list[str]]]:
    for dimension, rows in _TABLE.items():
        for code, rec20, factor, english, chinese, others in rows:
            label = MappingProxyType({"en": english, "zh": chinese})
            yield Unit(code, rec20, dimension or code, Decimal(factor), label), others.split()
