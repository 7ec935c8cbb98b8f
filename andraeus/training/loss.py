"""Answer-only loss, plain or with the shared prefix computed once."""

from typing import TYPE_CHECKING

from andraeus.training.batches import IGNORED, Batch

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


def summed_loss(model: "PreTrainedModel", batch: Batch, *, share_prefix: bool) -> "Tensor":
    """Return the cross-entropy summed over a batch's answer tokens.

    Args:
        model: The causal language model (with LoRA layers injected, not the PEFT wrapper).
        batch: A micro-batch.
        share_prefix: Compute the prefix once and share its keys and values; exact without dropout
            and without gradient checkpointing.

    Returns:
        A scalar; divide by the answer tokens of the whole step for the mean.
    """
    hidden = _shared_hidden(model, batch) if share_prefix and len(batch.prefix) else _plain_hidden(model, batch)
    return _head_loss(model, hidden, batch.labels)


def answered_rows(model: "PreTrainedModel", batch: Batch, *, share_prefix: bool) -> "tuple[Tensor, Tensor]":
    """Return, row by row, whether every answer token is the likeliest one, and the summed loss.

    Returns:
        Booleans of shape (B,) and losses of shape (B,).
    """
    import torch

    hidden = _shared_hidden(model, batch) if share_prefix and len(batch.prefix) else _plain_hidden(model, batch)
    scored = batch.labels != IGNORED
    logits = model.get_output_embeddings()(hidden[scored]).float()
    right = torch.ones_like(batch.labels, dtype=torch.bool)
    right[scored] = logits.argmax(-1) == batch.labels[scored]
    losses = torch.zeros(batch.labels.shape, device=hidden.device)
    losses[scored] = torch.nn.functional.cross_entropy(logits, batch.labels[scored], reduction="none")
    return right.all(dim=1), losses.sum(dim=1)


def _head_loss(model: "PreTrainedModel", hidden: "Tensor", labels: "Tensor") -> "Tensor":
    import torch

    scored = labels != IGNORED
    logits = model.get_output_embeddings()(hidden[scored]).float()
    return torch.nn.functional.cross_entropy(logits, labels[scored], reduction="sum")


def _plain_hidden(model: "PreTrainedModel", batch: Batch) -> "Tensor":
    import torch

    rows = len(batch.tokens)
    prefix = batch.prefix.expand(rows, -1)
    tokens = torch.cat([prefix, batch.tokens], dim=1)
    attended = torch.cat([torch.ones_like(prefix), batch.attended], dim=1)
    output = model.base_model(input_ids=tokens, attention_mask=attended, use_cache=False)
    hidden: Tensor = output.last_hidden_state
    return hidden[:, len(batch.prefix) :]


def _shared_hidden(model: "PreTrainedModel", batch: Batch) -> "Tensor":
    from transformers import DynamicCache

    rows, length = len(batch.tokens), len(batch.prefix)
    cache = DynamicCache(config=model.config)
    model.base_model(input_ids=batch.prefix[None], past_key_values=cache, use_cache=True)
    # Gradient checkpointing drops the cache with only a log line; nothing may be silent here.
    if cache.get_seq_length() != length:
        raise RuntimeError("the model kept no cache of the shared prefix")
    for layer in cache.layers:
        layer.keys = layer.keys.expand(rows, -1, -1, -1)
        layer.values = layer.values.expand(rows, -1, -1, -1)
    # Right padding needs no mask: no token looks ahead, and padded positions carry no loss.
    output = model.base_model(input_ids=batch.tokens, past_key_values=cache, use_cache=True)
    hidden: Tensor = output.last_hidden_state
    return hidden
