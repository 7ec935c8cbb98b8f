"""Batches of examples whose common chat prefix is kept apart.

All examples of a chat-tuned model begin with the same tokens (system turn, opening of the user
turn); `andraeus.training.packing` lets one copy of them serve the whole batch.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.chat import Example, common_prefix
from andraeus.seeds import stream

if TYPE_CHECKING:
    from torch import Tensor

IGNORED = -100
# Length grouping looks at this many batches at a time: long enough to save padding, short enough
# to leave the order random.
WINDOW = 4


@dataclass(frozen=True)
class Batch:
    """Tokens of one micro-batch.

    Attributes:
        prefix: Token ids shared by all rows, shape (P,); may be empty.
        tokens: Token ids after the prefix but for each row's last, right-padded, shape (B, L).
        labels: Next-token targets aligned with ``tokens``, shape (B, L), `IGNORED` off the answer.
        attended: 1 for tokens, 0 for padding, shape (B, L).
    """

    prefix: "Tensor"
    tokens: "Tensor"
    labels: "Tensor"
    attended: "Tensor"

    @property
    def answer_tokens(self) -> int:
        """How many positions carry loss."""
        return int((self.labels != IGNORED).sum())

    def to(self, device: Any) -> "Batch":
        """Return the batch on another device."""
        return Batch(*(t.to(device) for t in (self.prefix, self.tokens, self.labels, self.attended)))


def collate(examples: Sequence[Example], prefix_length: int) -> Batch:
    """Pad examples that share their first ``prefix_length`` tokens into one batch."""
    import torch

    # An answer's last token predicts nothing, and nothing looks back at it.
    rows = [(e.prompt + e.answer)[prefix_length:-1] for e in examples]
    width = max(map(len, rows))
    tokens = torch.zeros(len(rows), width, dtype=torch.long)
    labels = torch.full((len(rows), width), IGNORED)
    attended = torch.zeros(len(rows), width, dtype=torch.long)
    for i, (row, example) in enumerate(zip(rows, examples, strict=True)):
        tokens[i, : len(row)] = torch.tensor(row)
        attended[i, : len(row)] = 1
        # Position j predicts token j + 1: the first label sits on the prompt's last token.
        labels[i, len(row) - len(example.answer) : len(row)] = torch.tensor(example.answer)
    return Batch(torch.tensor(examples[0].prompt[:prefix_length], dtype=torch.long), tokens, labels, attended)


def shared_prefix_length(examples: Sequence[Example]) -> int:
    """Return how many leading prompt tokens all examples share."""
    return common_prefix([e.prompt for e in examples])


def share(step: Sequence[list[Example]], process: int, processes: int) -> list[list[Example]]:
    """Return what one of several processes takes of a step's rows: every so-many-th, by micro-batch.

    Args:
        step: The rows of one optimiser step, by micro-batch.
        process: Which process, from 0.
        processes: How many there are; one takes all.
    """
    before, taken = 0, []
    for part in step:
        taken.append(part[(process - before) % processes :: processes])
        before += len(part)
    return [part for part in taken if part]


def passes(rows: Sequence[Example], prefix: int, tokens: int) -> list[list[Example]]:
    """Cut the rows of a step into the fewest passes, alike in length, of about so many tokens at most.

    Args:
        rows: The rows of one optimiser step.
        prefix: Leading tokens that all rows share; each pass computes them once.
        tokens: Tokens of a pass, prefix included; one may be longer by a row.

    Returns:
        Rows by pass, shortest first: neighbours of one length leave attention little padding.
    """
    ordered = sorted(rows, key=len)
    own = [len(row) - prefix for row in ordered]
    count = min(len(rows), math.ceil(sum(own) / max(1, tokens - prefix)))
    parts: list[list[Example]] = [[] for _ in range(count)]
    before = 0.0
    for row, length in zip(ordered, own, strict=True):
        parts[int((before + length / 2) * count / sum(own))].append(row)
        before += length
    return [part for part in parts if part]


def epoch_order(examples: Sequence[Example], batch_size: int, seed: int, epoch: int) -> Iterator[list[int]]:
    """Yield index batches of one epoch: shuffled, then grouped by length inside windows.

    The last batch of an epoch may be smaller. The order depends on ``seed`` and ``epoch`` only.
    """
    random = stream(seed, "data_order", epoch)
    order = list(range(len(examples)))
    random.shuffle(order)
    window = batch_size * WINDOW
    batches: list[list[int]] = []
    for start in range(0, len(order), window):
        part = sorted(order[start : start + window], key=lambda i: len(examples[i]))
        batches.extend(part[i : i + batch_size] for i in range(0, len(part), batch_size))
    random.shuffle(batches)
    yield from batches
