"""Postal addresses: parts, lines in the order of the country, and free text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import CASES, absent

from pycrm import Address
from pycrm.builtin.kinds import AddressKind
from pycrm.errors import Problem

KIND = AddressKind()
PARTS = [attribute.name for attribute in attrs.fields(Address) if attribute.name not in ("text", "country")]


def documents() -> Iterator[Any]:
    """Yield every document of the public case."""
    yaml = pytest.importorskip("yaml")
    folder = CASES / "address-format"
    if not folder.is_dir():
        absent(f"public case {folder}")
    for path in sorted(folder.glob("*.yaml")):
        yield from filter(None, yaml.safe_load_all(path.read_text("utf-8")))


def test_public_case() -> None:
    """What a geocoder says of places in seven countries is formatted as there, line by line."""
    wrong = []
    count = 0
    for document in documents():
        count += 1
        lines = Address.of_components(document["components"]).format("en").splitlines()
        if lines != [line.strip() for line in document["expected"].strip().splitlines()]:
            wrong.append((document["description"], lines))

    assert (count, wrong) == (81, [])


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        (
            {"street": "Domkloster 4", "postal_code": "50667", "city": "Köln", "region": "NRW", "country": "DE"},
            ["Domkloster 4", "50667 Köln", "Germany"],
        ),
        (
            {"name": "Acme", "street": "301 Main St", "city": "Ames", "region": "Iowa", "postal_code": "50010"}
            | {"country": "US"},
            ["Acme", "301 Main St", "Ames, IA 50010", "United States of America"],
        ),
        ({"city": "Ames", "region": "Iowa", "country": "US"}, ["Ames, Iowa", "United States of America"]),
        (
            {"street": "1 Mill Lane", "district": "Headingley", "city": "Leeds", "postal_code": "LS1 1AA"}
            | {"country": "GB"},
            ["1 Mill Lane", "Headingley", "Leeds", "LS1 1AA", "United Kingdom"],
        ),
        (
            {"street": "Bahnhofstrasse 1", "city": "Zürich", "postal_code": "8001", "country": "CH"},
            ["Bahnhofstrasse 1", "CH-8001 Zürich", "Switzerland"],
        ),
        ({"street": "Al Quoz", "city": "Dubai", "country": "AE"}, ["Al Quoz", "Dubai", "United Arab Emirates"]),
        ({"street": "1 Raffles Place", "postal_code": "048616", "country": "SG"}, None),
        ({"street": "Hafenstr. 1\nHof 2", "city": "Köln"}, ["Hafenstr. 1", "Hof 2", "Köln"]),
        ({"street": "x 1", "region": "Bayern", "country": "DE"}, ["x 1", "Bayern", "Germany"]),
        ({"city": "Köln", "country": "DE", "country_name": "Deutschland"}, ["Köln", "Deutschland"]),
    ],
)
def test_lines_of_country(parts: dict[str, str], lines: list[str] | None) -> None:
    """Parts stand in the order of their country, and the town is never left out."""
    expected = lines or ["1 Raffles Place", "SINGAPORE 048616", "Singapore"]

    assert list(Address(**parts).lines("en")) == expected


def test_chinese_address() -> None:
    """An address in China goes from large to small; in Chinese without a gap."""
    address = KIND.parse(
        {"street": "文三路99号", "county": "西湖区", "city": "杭州市", "region": "浙江省", "postal_code": "310000"}
        | {"country": "cn", "name": "海晨大厦"}
    )

    assert address.lines("zh") == ("310000 中国", "浙江省杭州市西湖区文三路99号", "海晨大厦")
    assert address.lines("en") == ("310000 China", "浙江省", "杭州市", "西湖区", "文三路99号", "海晨大厦")
    assert str(address) == "310000 中国, 浙江省杭州市西湖区文三路99号, 海晨大厦"


def test_country_in_language() -> None:
    """The country's name is in the language of who reads it."""
    address = Address(city="Köln", country="DE")

    assert (address.format(), address.format("zh")) == ("Köln\nGermany", "Köln\n德国")


@pytest.mark.parametrize("text", ["Hafenstraße 1\nKöln", "中国青岛", '{"city', "{", '{"city":"x"}', '{"x":1}', "[]"])
def test_free_text_is_kept(text: str) -> None:
    """Text that somebody wrote stays as it is, where it is stored too, unless it could be taken for parts."""
    address = KIND.parse(text)
    (stored,) = KIND.to_parts(address)

    assert address == Address(text=text)
    assert (stored == text) or json.loads(stored) == {"text": text}
    assert KIND.from_parts(stored) == address


def test_parts_are_judged() -> None:
    """A country is a code; what is missing is left out."""
    parsed = KIND.parse({"city": "Köln", "country": "de", "region": None, "street": ""})

    assert parsed == Address(city="Köln", country="DE")
    assert KIND.dump(parsed) == {"city": "Köln", "country": "DE"}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "address.no_parts"),
        ({}, "address.no_parts"),
        ({"city": None}, "address.no_parts"),
        (Address(), "address.no_parts"),
        ({"text": "a", "city": "b"}, "address.no_parts"),
        ({"citty": "a"}, "address.unknown_part"),
        ({"city": 5}, "text.invalid"),
        (5, "text.invalid"),
        ({"city": "a", "country": "Germany"}, "country.unknown"),
        ({"city": "a" * 501}, "address.long_part"),
        ("a" * 2001, "address.too_long"),
        (dict.fromkeys(("street", "city", "region", "name", "district"), "a" * 450), "address.too_long"),
    ],
)
def test_refused(value: Any, code: str) -> None:
    """What is no address, or not one, is refused."""
    with pytest.raises(Problem) as caught:
        KIND.parse(value)

    assert caught.value.code == code


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)


@given(
    TEXT | st.dictionaries(st.sampled_from(PARTS), TEXT, min_size=1) | st.just({"country": "CN"}),
    st.sampled_from(["", "en", "zh"]),
)
def test_every_address_comes_back(value: Any, language: str) -> None:
    """Parsing what was parsed, dumped or stored gives the same address, and any has lines."""
    address = KIND.parse(value)

    assert KIND.parse(address) == address
    assert KIND.parse(json.loads(json.dumps(KIND.dump(address)))) == address
    assert KIND.from_parts(*KIND.to_parts(address)) == address
    assert isinstance(address.format(language), str)
