"""seq2seq_chatbot: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.common.training.entry_points import entry_points
from modules.seq2seq_chatbot.model import build_model
from modules.seq2seq_chatbot.report import write_report
from modules.seq2seq_chatbot.signatures import Seq2seqChatbotServable
from modules.seq2seq_chatbot.task import TASK

run_fn, tuner_fn = entry_points(TASK, build_model, Seq2seqChatbotServable, report=write_report)
