"""The settings that the training loop reads, and those of most models; tasks derive from these."""

from __future__ import annotations

from modules.common.declaring.settings import Settings, setting


class PrecisionSettings(Settings):
    """How exactly a model computes."""

    precision: str = setting(
        "float32",
        choices=("auto", "float32", "mixed_bfloat16"),
        doc="What is computed in; auto takes bfloat16 where the processor multiplies it. An "
        "exported model that was trained is float32.",
    )


class TrainingSettings(PrecisionSettings):
    """What `modules.common.training.loop` and `tuning` read."""

    epochs: int = setting(1, at_least=1, doc="Times that the training split is gone through.")
    min_steps: int = setting(
        0, at_least=0, doc="Training steps that are made at least, by more epochs where need be."
    )
    batch_size: int = setting(64, at_least=1, doc="Examples of a training step.")
    eval_batch_size: int = setting(
        0,
        at_least=0,
        doc="Examples that are evaluated at once; 0 for batch_size, or 256 where that is less.",
    )
    learning_rate: float = setting(
        1e-3, above=0, doc="How far a step goes; the optimizer's, at the beginning."
    )
    patience: int = setting(
        0,
        at_least=0,
        doc="Epochs without a lower validation loss after which training stops and the best "
        "weights are kept; 0 trains all epochs and keeps the last.",
    )
    schedule: str = setting(
        "plateau",
        choices=("plateau", "cosine"),
        doc="How the learning rate falls: by half where the validation loss stands still and there "
        "is patience, or as a cosine to zero over all epochs.",
    )
    least_fall: float = setting(
        1e-4, at_least=0, doc="A validation loss that falls by less stands still, for plateau."
    )


class DropoutSettings(Settings):
    """For models with dropout."""

    dropout: float = setting(
        0.0, at_least=0, below=1, doc="Fraction of hidden values that training leaves out."
    )


class VariationSettings(TrainingSettings):
    """For models of pictures of a line of characters that are changed anew in training."""

    variation: float = setting(
        1.0,
        at_least=0,
        at_most=1,
        doc="How much a picture is changed anew each time that it is trained on: squeezed, moved, "
        "bent, its strokes made thicker or thinner, noise added; 0 not at all.",
    )
    variation_epochs: int = setting(
        8,
        at_least=1,
        doc="Epochs from which on pictures are changed: those that are gone through fewer times "
        "are not learnt by heart.",
    )


class WeightDecaySettings(Settings):
    """For models whose optimizer decays weights."""

    weight_decay: float = setting(
        0.0,
        at_least=0,
        doc="What a step takes off each weight, as a fraction, times the learning rate.",
    )
