"""Signs and words for currencies, as people write them before and behind amounts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["AMBIGUOUS", "SIGNS"]

SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "€": "EUR",
        "EURO": "EUR",
        "EUROS": "EUR",
        "欧元": "EUR",
        "歐元": "EUR",
        "US$": "USD",
        "U.S.$": "USD",
        "$US": "USD",
        "美元": "USD",
        "美金": "USD",
        "CN¥": "CNY",
        "RMB": "CNY",
        "RMB¥": "CNY",
        "人民币": "CNY",
        "人民币元": "CNY",
        "元": "CNY",
        "元人民币": "CNY",
        "JP¥": "JPY",
        "円": "JPY",
        "日元": "JPY",
        "日圆": "JPY",
        "英镑": "GBP",
        "英鎊": "GBP",
        "HK$": "HKD",
        "港币": "HKD",
        "港元": "HKD",
        "NT$": "TWD",
        "新台币": "TWD",
        "新臺幣": "TWD",
        "A$": "AUD",
        "AU$": "AUD",
        "澳元": "AUD",
        "C$": "CAD",
        "CA$": "CAD",
        "加元": "CAD",
        "NZ$": "NZD",
        "S$": "SGD",
        "新加坡元": "SGD",
        "R$": "BRL",
        "MX$": "MXN",
        "₹": "INR",
        "₩": "KRW",
        "韩元": "KRW",
        "₽": "RUB",
        "卢布": "RUB",
        "₫": "VND",
        "₺": "TRY",
        "₴": "UAH",
        "฿": "THB",
        "泰铢": "THB",
        "₪": "ILS",
        "₱": "PHP",
        "₦": "NGN",
        "CHF": "CHF",
        "FR.": "CHF",
        "瑞士法郎": "CHF",
        "ZŁ": "PLN",
        "KČ": "CZK",
    }
)
"""What names one currency, in capitals."""

AMBIGUOUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "$": ("USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD", "ARS", "CLP", "COP"),
        "¥": ("CNY", "JPY"),
        "£": ("GBP", "EGP", "GIP", "FKP", "SHP"),
        "kr": ("SEK", "NOK", "DKK", "ISK"),
        "kr.": ("DKK", "SEK", "NOK", "ISK"),
        "Rs": ("INR", "PKR", "LKR", "NPR", "MUR"),
        "Rs.": ("INR", "PKR", "LKR", "NPR", "MUR"),
    }
)
"""What stands for several, the likeliest first."""
