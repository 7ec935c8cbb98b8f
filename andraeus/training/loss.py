"""Answer-only loss, on padded rows or on packed ones."""

from typing import TYPE_CHECKING

from andraeus.training.batches import IGNORED, Batch
from andraeus.training.packing import ATTENTION, pack

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


def summed_loss(model: "PreTrainedModel", batch: Batch, *, packed: bool) -> "Tensor":
    """Return the cross-entropy summed over a batch's answer tokens.

    Args:
        model: The causal language model (with LoRA layers injected, not the PEFT wrapper).
        batch: A micro-batch.
        packed: Lay the rows end to end; needs `andraeus.training.packing.packed_attention`.

    Returns:
        A scalar; divide by the answer tokens of the whole step for the mean.
    """
    import torch

    logits, labels = _scored(model, batch, packed=packed)
    return torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def answered_rows(model: "PreTrainedModel", batch: Batch, *, packed: bool) -> "tuple[Tensor, Tensor]":
    """Return, row by row, whether every answer token is the likeliest one, and the summed loss.

    Returns:
        Booleans of shape (B,) and losses of shape (B,).
    """
    import torch

    logits, labels = _scored(model, batch, packed=packed)
    scored = batch.labels != IGNORED
    right = torch.ones_like(batch.labels, dtype=torch.bool)
    right[scored] = logits.argmax(-1) == labels
    losses = torch.zeros(batch.labels.shape, device=logits.device)
    losses[scored] = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    return right.all(dim=1), losses.sum(dim=1)


def _scored(model: "PreTrainedModel", batch: Batch, *, packed: bool) -> "tuple[Tensor, Tensor]":
    """Return the logits at the N answer positions, row after row, shape (N, vocabulary), and their targets."""
    scored = batch.labels != IGNORED
    hidden = _packed_hidden(model, batch) if packed else _padded_hidden(model, batch)[batch.attended.bool()]
    # Only answer positions need the vocabulary head.
    answers = hidden[scored[batch.attended.bool()]]
    return model.get_output_embeddings()(answers).float(), batch.labels[scored]


def _padded_hidden(model: "PreTrainedModel", batch: Batch) -> "Tensor":
    """Return the last hidden states after the prefix, shape (B, L, width)."""
    import torch

    prefix = batch.prefix.expand(len(batch.tokens), -1)
    tokens = torch.cat([prefix, batch.tokens], dim=1)
    attended = torch.cat([torch.ones_like(prefix), batch.attended], dim=1)
    output = model.base_model(input_ids=tokens, attention_mask=attended, use_cache=False)
    hidden: Tensor = output.last_hidden_state
    return hidden[:, len(batch.prefix) :]


def _packed_hidden(model: "PreTrainedModel", batch: Batch) -> "Tensor":
    """Return the last hidden states of the tokens after the prefix, shape (tokens, width)."""
    if model.config._attn_implementation != ATTENTION:
        raise RuntimeError("packed rows need the packed attention: their tokens would see other rows")
    tokens, positions, packing = pack(batch)
    output = model.base_model(input_ids=tokens, position_ids=positions, packing=packing, use_cache=False)
    hidden: Tensor = output.last_hidden_state
    return hidden[0, packing.prefix :]
