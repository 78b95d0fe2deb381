"""Examples that are drawn as they are read, as tasks declare them. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from modules.common.declaring.sources import Source
from modules.common.runtime.errors import DataError


@dataclass(frozen=True, kw_only=True)
class GeneratedSource(Source):
    """Examples that are drawn as they are read: there are no files.

    An example's number is its split key.

    Attributes:
        drawer: Import path of a function `(number of the example, hparams) -> raw features`, a
            pure function of both, `seed` among the hyperparameters. It runs in processes that
            never import TensorFlow.
        count: Hyperparameter that says how many examples there are.
    """

    component: ClassVar[str] = "components.example_gen.drawn.generated.GeneratedExampleGen"

    pattern: str = ""
    drawer: str
    count: str

    @property
    def patterns(self) -> tuple[str, ...]:
        """None: it reads no files."""
        return ()

    def examples(self, hparams: Mapping[str, Any]) -> int:
        """Says how many examples there are.

        Args:
            hparams: Resolved hyperparameters.

        Raises:
            DataError: If there would be none.
        """
        count = int(hparams[self.count])
        if count < 1:
            raise DataError(
                f"{self.count} is {count}; expected at least 1: --set {self.count}=1000"
            )
        return count
