"""The layout of tables whose rows are examples, as tasks declare it. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from modules.common.declaring.sources import Joining, RawFeatures
from modules.common.reading.table_sources import Column, TableSource


@dataclass(frozen=True, kw_only=True)
class CsvSource(TableSource):
    """Tables with a header; of columns that leave no doubt, without one too.

    Attributes:
        columns: The columns that are read; others are ignored.
        key: Raw features that together are the split key: rows that agree in them are never on
            both sides of the split.
        derive: Makes further raw features of the parsed ones.
    """

    component: ClassVar[str] = "components.example_gen.tables.example_gen.CsvExampleGen"
    joining: ClassVar[Joining] = Joining(numbered=("*",))

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    derive: Callable[[RawFeatures], RawFeatures] | None = None

    @property
    def named_settings(self) -> tuple[str, ...]:
        """Those that settle how its columns are written."""
        conventions = {column.convention for column in self.columns if column.convention}
        return tuple(sorted(convention.name for convention in conventions))
