"""seq2seq_chatbot: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.evaluating import ngrams
from modules.common.export.saved_model import Servable
from modules.common.graph.checks import check_each
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.models import trigram
from modules.common.models.bigram import fit_bigram, fit_unigram, log_probability
from modules.common.text.characters import to_texts
from modules.common.training.input_pipeline import Split
from modules.seq2seq_chatbot.characters import own_places
from modules.seq2seq_chatbot.decoder import LOW, Decoder
from modules.seq2seq_chatbot.decoding import decode
from modules.seq2seq_chatbot.features import symbols_of
from modules.seq2seq_chatbot.task import Settings

_ANSWERED_AT_ONCE = 16
_SCORED_AT_ONCE = 64
_BUCKETS = 10_000


class Seq2seqChatbotServable(Servable):
    """Answers what is said with replies."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Takes the model apart, and reads the vocabulary and the defaults of decoding."""
        self.symbols = symbols_of(transform_output)
        self._decoder = Decoder(self.model, self.symbols)
        self._defaults = {
            entry.name: tf.constant(entry.default, entry.dtype)
            for entry in self.task.serving.inputs
            if entry.default is not None
        }

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the models of which character follows which; see `Servable.fit_baselines`.

        Returns:
            `unigram`, float32 `[symbols]`; `bigram`, a `Bigram`; and `trigram`, a `Trigram`.
        """
        ids = train["reply"]
        # The last symbol is the unknown one, which the training split may not have.
        symbols = int(max(ids.max(), train["question"].max())) + 2
        return {
            "unigram": fit_unigram(ids, symbols),
            "bigram": fit_bigram(ids, symbols),
            "trigram": trigram.fit_trigram(ids, symbols),
        }

    def answer(self, raw: Tensors) -> Tensors:
        """Answers what is said.

        Args:
            raw: The task's serving inputs, `[batch]` each.

        Returns:
            The task's serving outputs, `[batch, largest beam width]` each.

        Raises:
            tf.errors.InvalidArgumentError: If nothing is said, or too much.
        """
        settings = {name: values for name, values in raw.items() if name != "text"}
        return self._answers({"question": self._read_question(raw["text"]), **settings})

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers `serve_examples` as `answer` does, with the defaults."""
        return self._answers(self._with_defaults(self.transform(raw)["question"]))

    def score(self, raw: Tensors) -> Tensors:
        """Scores each pair: what the reply costs, and the n-grams of a reply to the question."""
        features = self.transform(raw)
        inputs = {name: features[name] for name in ("question", "reply")}
        return {
            **in_chunks(self._costs, inputs, _SCORED_AT_ONCE),
            **self._comparisons(raw["question"], features["question"], features["reply"]),
        }

    def _read_question(self, given: tf.Tensor) -> tf.Tensor:
        question = self.transform({"question": given})["question"]
        chars = tf.reduce_sum(tf.cast(question != 0, tf.int32), axis=1)
        text = self.task.serving.input("text")
        chars = check_each(
            f"text: expected {text.expected} besides white space at its ends",
            chars,
            (chars >= text.at_least) & (chars <= text.at_most),
        )
        with tf.control_dependencies([chars]):
            return tf.identity(question)

    def _with_defaults(self, question: tf.Tensor) -> Tensors:
        batch = tf.shape(question)[:1]
        return {
            "question": question,
            **{name: tf.fill(batch, default) for name, default in self._defaults.items()},
        }

    def _answers(self, inputs: Tensors) -> Tensors:
        """Finds replies to questions, a few at a time; takes what `decode` does."""
        most = tf.reduce_max(tf.concat([[1], tf.cast(inputs["beam_width"], tf.int32)], axis=0))

        def answers(some: Tensors) -> Tensors:
            found = decode(
                self._decoder,
                self._log_prior,
                some,
                most,
                self.settings.max_chars,
                self.settings.length_penalty,
            )
            return {
                "ids": found.ids,
                "replies": to_texts(found.ids, self.symbols),
                "scores": tf.where(found.scores > LOW / 2, found.scores, 0.0),
            }

        return in_chunks(answers, inputs, _ANSWERED_AT_ONCE)

    def _log_prior(self, ids: tf.Tensor) -> tf.Tensor:
        """Log-probability of replies where no question is known, by the trigram model.

        Args:
            ids: int32 `[batch, replies, longest + 1]`, 0 after the end.

        Returns:
            float32 `[batch, replies]`.
        """
        ended = tf.cast(tf.reshape(ids, [-1, ids.shape[2]]), tf.int64)
        return tf.reshape(-self._trigram_costs(ended[:, :-1]), tf.shape(ids)[:2])

    def _trigram_costs(self, reply: tf.Tensor) -> tf.Tensor:
        """Costs of replies by the trigram model: int64 `[batch, longest]` to float32 `[batch]`."""
        second = tf.pad(reply, [(0, 0), (1, 0)])
        first = tf.pad(reply, [(0, 0), (2, 0)])[:, :-1]
        after = tf.pad(reply, [(0, 0), (0, 1)])
        log_p = trigram.log_probability(self.baselines["trigram"], first, second, after)
        return -tf.reduce_sum(tf.where(own_places(reply), log_p, 0.0), axis=1)

    def _costs(self, features: Tensors) -> Tensors:
        """What replies cost by the model and by the baselines, float32 `[batch]` each."""
        reply = features["reply"]
        costs, is_own = self.model(features, training=False), own_places(reply)
        before = tf.pad(reply, [(0, 0), (1, 0)])
        after = tf.pad(reply, [(0, 0), (0, 1)])
        unigram = tf.convert_to_tensor(self.baselines["unigram"])
        known = tf.minimum(after, tf.size(unigram, tf.int64) - 1)
        by_baseline = {
            "unigram": -tf.gather(unigram, known),
            "bigram": -log_probability(self.baselines["bigram"], before, after),
        }
        return {
            "perplexity__score": tf.reduce_sum(costs, axis=1),
            "perplexity__weight": tf.reduce_sum(tf.cast(is_own, tf.float32), axis=1),
            **{
                f"perplexity__{name}": tf.reduce_sum(tf.where(is_own, nats, 0.0), axis=1)
                for name, nats in by_baseline.items()
            },
            "perplexity__trigram": self._trigram_costs(reply),
        }

    def _comparisons(self, text: tf.Tensor, question: tf.Tensor, reply: tf.Tensor) -> Tensors:
        """Answers some of the questions, and counts what the answers share with the real replies.

        Returns:
            Outputs of the metrics `bleu_2`, `distinct_1` and `distinct_2`; those of other
            questions count for nothing.
        """
        bucket = tf.strings.to_hash_bucket_fast(tf.reshape(text, [-1]), _BUCKETS)
        is_chosen = bucket < round(self.settings.answered_share * _BUCKETS)
        rows = tf.where(is_chosen)
        chosen = self._with_defaults(tf.gather_nd(question, rows))
        places = self.settings.max_chars + 1
        # The first of each, or none if there are no questions.
        best = tf.reshape(self._answers(chosen)["ids"][:, :1], [-1, places])
        ids = tf.scatter_nd(rows, best, tf.stack([tf.size(bucket, tf.int64), places]))
        reference = tf.where(is_chosen[:, None], reply, 0)
        return {
            "bleu_2__sums": ngrams.bleu_sums(ids, reference, 2),
            "distinct_1__keys": ngrams.ngram_keys(ids, 1),
            "distinct_2__keys": ngrams.ngram_keys(ids, 2),
        }
