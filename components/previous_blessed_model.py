"""Resolves what Evaluator compares a candidate with: the model blessed before it.

TFX's LatestBlessedModelStrategy resolves before training, so after a blessing the same run finds a
new baseline, the model itself, and evaluates once more. Told the candidate, this strategy gives a
cached candidate the baseline that it had when it was new, and the run stays cached.
"""

from __future__ import annotations

import math

from tfx import types
from tfx.dsl.components.common import resolver

from components.artifact_contents import is_whole

CANDIDATE = "candidate"
MODEL = "model"
BLESSING = "model_blessing"


class PreviousBlessedModelStrategy(resolver.ResolverStrategy):
    """Picks the newest blessed model that is older than the candidate, and still there.

    Used with three channels: `candidate`, which is Trainer's model, `model` and `model_blessing`.
    Without the first, any blessed model may be picked.
    """

    def resolve_artifacts(
        self, metadata_handle: object, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Picks the model; see `ResolverStrategy.resolve_artifacts`.

        Returns:
            At most one model and its blessing, and the candidate if there is one.
        """
        candidates = {CANDIDATE: input_dict[CANDIDATE]} if CANDIDATE in input_dict else {}
        first_too_new = min((each.id for [each] in candidates.values()), default=math.inf)
        blessings = {
            blessing.get_int_custom_property("current_model_id"): blessing
            for blessing in input_dict[BLESSING]
            if blessing.get_int_custom_property("blessed") == 1
        }
        older = [
            model
            for model in input_dict[MODEL]
            if model.id in blessings and model.id < first_too_new and is_whole(model)
        ]
        newest = max(older, key=lambda model: model.id, default=None)
        return {
            **candidates,
            MODEL: [newest] if newest else [],
            BLESSING: [blessings[newest.id]] if newest else [],
        }
