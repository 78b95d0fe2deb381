"""How much a worker reads at a time."""

from __future__ import annotations

import pytest

from components.example_gen.read_group import GROUP_ITEMS, group_items


@pytest.mark.parametrize(
    ("total", "least_groups"), [(50, 1), (300, 3), (13_388, 64), (1_000_000, 1000)]
)
def test_workers_have_a_group_each_and_none_too_much(total: int, least_groups: int) -> None:
    size = group_items(total)
    assert -(-total // size) >= least_groups
    assert 100 <= size <= GROUP_ITEMS
