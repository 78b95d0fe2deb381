"""Examples that are drawn as they are read, as tasks declare them. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Joining, Source


@dataclass(frozen=True, kw_only=True)
class GeneratedSource(Source):
    """Examples that are drawn as they are read: there are no files.

    An example's number is its split key.

    Attributes:
        drawer: Import path of a function `(number of the example, settings) -> raw features`, a
            pure function of both, `seed` among the settings. It runs in processes that
            never import TensorFlow.
        count: Setting that says how many examples there are.
    """

    component: ClassVar[str] = "components.example_gen.drawn.generated.GeneratedExampleGen"
    joining: ClassVar[Joining] = Joining(refusal="it is drawn, and has no files")

    pattern: str = ""
    drawer: str
    count: str

    @property
    def patterns(self) -> tuple[str, ...]:
        """None: it reads no files."""
        return ()

    @property
    def named_settings(self) -> tuple[str, ...]:
        """The one that counts examples."""
        return (self.count,)

    def examples(self, settings: Settings) -> int:
        """Says how many examples there are.

        Args:
            settings: Resolved settings.
        """
        return int(getattr(settings, self.count))
