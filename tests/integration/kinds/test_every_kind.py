"""Every kind of ours keeps the rules that `check_kind` tries, by itself and in both databases."""

from __future__ import annotations

from tests.kind_cases import CASES

from pycrm import CRM
from pycrm.testing.kinds import kind_tests

test_kind = kind_tests(CASES)


def test_no_kind_is_left_out() -> None:
    """Each kind of a CRM with its built-in plugins is among the cases."""
    assert {case.kind.name for case in CASES} == CRM("sqlite://", plugins=[]).schema.kinds.keys()
