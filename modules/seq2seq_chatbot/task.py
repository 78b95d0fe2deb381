"""seq2seq_chatbot: a line of dialogue to a reply.

Data: `.conv` files, conversations of lines; every line and its successor are a question and a
reply. A conversation is never on both sides of the split. Without data, conversations are
generated.

Model: a 3x256 encoder and decoder over characters, with attention (Bahdanau, 2015; Wu, 2016), or a
Transformer (Vaswani, 2017). Replies are drawn or looked for, and put in the order of what they have
to do with the question (Li, 2016). The original exercise kept of a line only what stands before its
first space; paired lines two by two, so that half of what is said was never answered; filled its
buckets up and masked nothing, so that an answer depended on the padding; answered greedily; and
measured nothing.

Gate: on conversations that were not trained on, the perplexity per character of the replies is
below that of an interpolated Kneser-Ney bigram model of the training split's replies, and of a
unigram model, and not above that of a trigram model by more than a standard error.
"""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import DropoutSettings, TrainingSettings
from modules.common.dialogue.settings import DialogueSettings
from modules.common.dialogue.sources import DialogueSource, DialogueTableSource

MAX_BEAM_WIDTH = 32
MAX_NO_REPEAT = 8
# What is known of metrics that need replies, which take a hundred times as long as a perplexity.
_SOME = "of a share of the questions, `answered_share`, which their text decides"


class Settings(TrainingSettings, DropoutSettings, DialogueSettings):
    """What may be set for seq2seq_chatbot."""

    seed: int = setting(20170801)
    precision: str = setting("auto")
    epochs: int = setting(10, smoke=6)
    batch_size: int = setting(128)
    eval_batch_size: int = setting(64)
    learning_rate: float = setting(2e-3, smoke=5e-3, search=(1e-3, 2e-3, 3e-3))
    patience: int = setting(3)
    least_fall: float = setting(0.3)
    clip_norm: float = setting(
        5.0, at_least=0, doc="Norm that the gradient is scaled down to; 0 for no limit."
    )
    model: str = setting(
        "lstm",
        choices=("lstm", "transformer"),
        doc="What encoder and decoder are made of: recurrent layers with attention between them, "
        "or attention alone.",
    )
    units: int = setting(
        256, smoke=64, at_least=1, doc="Units of each layer of encoder and decoder."
    )
    layers: int = setting(3, smoke=1, at_least=1, doc="Layers of each.")
    heads: int = setting(
        4, at_least=1, doc="Heads of each attention of the transformer; they divide `units`."
    )
    dropout: float = setting(0.3, search=(0.2, 0.3, 0.4))
    vocabulary_size: int = setting(
        5000, at_least=1, reads=DATA, doc="Characters that are told apart at most."
    )
    pairing: str = setting("successors")
    max_chars: int = setting(60)
    length_penalty: float = setting(
        1.0, at_least=0, doc="Power of a reply's length that divides its log-probability."
    )
    answered_share: float = setting(
        0.1,
        at_least=0,
        at_most=1,
        doc="Fraction of held-out questions that are answered for BLEU and distinct-n.",
    )
    sample_conversations: int = setting(
        2000, smoke=600, at_least=1, reads=SAMPLE, doc="Conversations that are made up."
    )


TASK = Task(
    name="seq2seq_chatbot",
    title="A line of dialogue → a reply",
    sources=(DialogueSource(), DialogueTableSource()),
    features=(
        Feature(name="reply", dtype="int64", shape=(None,)),
        Feature(name="question", dtype="int64", shape=(None,)),
    ),
    label="reply",
    target_is_input=True,
    settings=Settings,
    metrics=(
        Metric(
            name="perplexity",
            doc="of the replies, per character, their end among them: among how many characters, "
            "equally likely, the model in effect chooses",
            better="lower",
            link="exp",
            baselines=("unigram", "bigram", "trigram"),
            gate=Gate(baseline=("unigram", "bigram"), level_with="trigram", max_drop=2.0),
        ),
        Metric(
            name="bleu_2",
            doc=f"of the best replies, as served, in characters: geometric mean of the shares of "
            f"single ones and of pairs that the real reply has too; {_SOME}",
            kind="bleu",
        ),
        Metric(
            name="distinct_1",
            doc=f"different characters over characters of those replies; {_SOME}",
            kind="distinct",
        ),
        Metric(
            name="distinct_2",
            doc=f"different pairs of characters over pairs of those replies; {_SOME}",
            kind="distinct",
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="text",
                raw="question",
                dtype="string",
                at_least=1,
                at_most=500,
                doc="what is said",
            ),
            Field(
                name="beam_width",
                dtype="int64",
                default=5,
                at_least=1,
                at_most=MAX_BEAM_WIDTH,
                doc="how many replies are looked for or drawn; one that is drawn twice is given "
                "once",
            ),
            Field(
                name="temperature",
                dtype="float32",
                default=0.7,
                at_least=0,
                step=0.1,
                doc="0 looks for the likeliest replies (by beam search; with a beam_width of 1 "
                "greedily); above 0 replies are drawn, 1 as the model says, more is bolder",
            ),
            Field(
                name="top_p",
                dtype="float32",
                default=0.9,
                above=0,
                at_most=1,
                step=0.05,
                doc="draws only among the likeliest characters that have this much probability "
                "together",
            ),
            Field(
                name="mmi_lambda",
                dtype="float32",
                default=0.5,
                at_least=0,
                at_most=1,
                step=0.1,
                doc="how much it counts against a reply that it is likely to be said to anything: "
                "λ of maximum mutual information; 0 ranks replies by how likely they are",
            ),
            Field(
                name="no_repeat",
                dtype="int64",
                default=4,
                at_least=0,
                at_most=MAX_NO_REPEAT,
                doc="how many characters in a row a reply says only once; 0 lets it repeat any",
            ),
            Field(
                name="may_echo",
                dtype="bool",
                default=False,
                doc="whether a reply may be what was said and no more, marks and spaces aside",
            ),
            Field(
                name="seed",
                dtype="int64",
                kind="seed",
                default=0,
                doc="another seed, other draws",
            ),
        ),
        outputs=(
            Field(
                name="replies",
                raw="reply",
                dtype="string",
                shape=(None,),
                kind="texts",
                doc="best first; empty beyond an example's own",
            ),
            Field(
                name="scores",
                dtype="float32",
                shape=(None,),
                of="replies",
                doc="what each reply is worth: its log-probability, its end included, less "
                "`mmi_lambda` times that of a reply to anything, over how many characters it has "
                "(to the power `length_penalty`); 0 where no reply is",
            ),
        ),
        example={"text": ["你好"], "beam_width": [5]},
        max_examples=64,
        converses=True,
    ),
    slices=("question_length",),
    max_latency_ms=2000.0,
)
