"""music_rbm: which model is trained, and by what.

`nade.py` and `machines.py` hold the models, each whole.
"""

from __future__ import annotations

import keras
import tensorflow_transform as tft

from modules.music_rbm.machines import Rbm, RnnRbm
from modules.music_rbm.nade import RnnNade
from modules.music_rbm.task import Settings

MusicModel = RnnNade | Rbm | RnnRbm
_MODELS: dict[str, type[MusicModel]] = {"rnn_nade": RnnNade, "rbm": Rbm, "rnn_rbm": RnnRbm}
# Longest gradient; only the recurrent networks come near it.
_CLIP_NORM = 1.0


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> MusicModel:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Not used.

    Returns:
        `note_state` uint8 `[batch, window_steps, 156]` and `first_step` int64 `[batch]` to the log
        odds of each unit, float32 `[batch, window_steps, 156]`: given the units before it, or of
        the machines given the hidden units' means.
    """
    model = _MODELS[settings.model](settings)
    optimizer = keras.optimizers.AdamW(
        settings.learning_rate,
        weight_decay=settings.weight_decay,
        global_clipnorm=_CLIP_NORM if settings.model == "rnn_nade" else None,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer=optimizer, jit_compile=False)
    return model
