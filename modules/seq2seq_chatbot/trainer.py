"""seq2seq_chatbot: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.common.training import learning_curve, loop
from modules.seq2seq_chatbot.model import build_model
from modules.seq2seq_chatbot.signatures import Seq2seqChatbotServable
from modules.seq2seq_chatbot.task import TASK


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(
        fn_args,
        TASK,
        build_model,
        Seq2seqChatbotServable,
        report=learning_curve.write_report,
    )


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model)
