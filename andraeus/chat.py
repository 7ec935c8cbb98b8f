"""From messages to tokens: one rendering for training and for evaluation.

A model learns the exact tokens it is shown. The same chat template, the same system turn and the
same boundary between prompt and answer are therefore used wherever a prompt is built.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from andraeus.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Example:
    """One training example in tokens; loss falls on ``answer`` only."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


class Chat:
    """Renders conversations with a tokenizer's chat template.

    Args:
        tokenizer: A Transformers tokenizer with a chat template.
        system: System turn of every conversation that brings none of its own; ``None`` leaves that
            to the template, so that stock code which gives only a user turn gets the same tokens.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", system: str | None = None) -> None:
        if not tokenizer.chat_template:
            raise UserError("This model's tokenizer has no chat template: set model.chat_template to a Jinja template.")
        self.tokenizer = tokenizer
        self.system = system

    def messages(self, question: str) -> list[Message]:
        """Return the conversation that asks one bare question."""
        return [{"role": "user", "content": question}]

    def prompt_text(self, messages: Sequence[Message]) -> str:
        """Render messages up to the point where the assistant begins to answer."""
        return self._render(messages, add_generation_prompt=True)

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Tokenise messages up to the point where the assistant begins to answer."""
        return self._tokens(self.prompt_text(messages))

    def example(self, messages: Sequence[Message], answer: str) -> Example:
        """Tokenise a conversation and the answer it should get.

        The answer is tokenised apart from the prompt, as generation meets it, and ends with the
        template's own end-of-turn token.
        """
        prompt = self.prompt_text(messages)
        whole = self._render([*messages, {"role": "assistant", "content": answer}], add_generation_prompt=False)
        if not whole.startswith(prompt):
            raise UserError(
                "This chat template renders an answered turn otherwise than an open one: it can't be trained on."
            )
        tokens = self._tokens(whole[len(prompt) :])
        ends = [i for i, token in enumerate(tokens) if token in self.end_tokens]
        if not ends:
            raise UserError(
                "This chat template closes the assistant's turn with no end token of the tokenizer's: "
                "set model.chat_template to one that does."
            )
        return Example(self._tokens(prompt), tokens[: ends[-1] + 1])

    @property
    def end_tokens(self) -> frozenset[int]:
        """Token ids that end an answer: the tokenizer's end of sequence and end of turn."""
        ids = {self.tokenizer.eos_token_id}
        for token in ("<|im_end|>", "<|eot_id|>", "<end_of_turn>"):
            found = self.tokenizer.convert_tokens_to_ids(token)
            if isinstance(found, int) and found != self.tokenizer.unk_token_id:
                ids.add(found)
        return frozenset(i for i in ids if isinstance(i, int))

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of generated tokens, without special tokens and outer white space."""
        text = self.tokenizer.decode(list(tokens), skip_special_tokens=True)
        assert isinstance(text, str)
        return text.strip()

    def _render(self, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
        turns = list(messages)
        if self.system is not None and turns[0]["role"] != "system":
            turns.insert(0, {"role": "system", "content": self.system})
        # Models that think first would fill the short answer with it; templates without that switch ignore it.
        text = self.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=add_generation_prompt, enable_thinking=False
        )
        assert isinstance(text, str)
        return text

    def _tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def common_prefix(sequences: Sequence[Sequence[int]]) -> int:
    """Return how many leading tokens all sequences share, leaving each at least one of its own."""
    # The smallest and the largest in dictionary order differ first wherever any two do.
    first, last = min(map(tuple, sequences)), max(map(tuple, sequences))
    limit = min(map(len, sequences)) - 1
    for i in range(limit):
        if first[i] != last[i]:
            return i
    return max(limit, 0)
