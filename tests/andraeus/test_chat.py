"""One rendering for training and evaluation: the tokens are exactly the template's."""

import copy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus.chat import Chat, common_prefix
from andraeus.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

pytestmark = pytest.mark.model

OF_SMOLLM2 = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
# As Qwen2.5 and Llama 3 have it, in short.
LLAMA3 = (
    "{{ '<|begin_of_text|>' }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n'"
    " + m.content | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
answers = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30)
QUESTIONS = ["What is my cat called?", "  spaces  ", "Ünïcödé – “quotes” 🐈", "two\nlines", "a" * 300]


def with_template(tokenizer: "PreTrainedTokenizerBase", template: str | None) -> "PreTrainedTokenizerBase":
    other = copy.deepcopy(tokenizer)
    other.chat_template = template
    return other


def rendered(tokenizer: "PreTrainedTokenizerBase", turns: list[dict[str, str]], open_turn: bool) -> tuple[int, ...]:
    """Tokenise with the tokenizer's own method, past our code."""
    return tuple(tokenizer.apply_chat_template(turns, add_generation_prompt=open_turn, tokenize=True)["input_ids"])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_prompt_is_what_the_template_gives(
    chat: Chat, embedded_tokenizer: "PreTrainedTokenizerBase", question: str
) -> None:
    expected = rendered(embedded_tokenizer, [{"role": "user", "content": question}], True)
    assert chat.prompt(chat.messages(question)) == expected


def test_a_prompts_text_is_what_the_template_writes(chat: Chat, embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    turns = [{"role": "user", "content": "Hi?"}]
    expected = embedded_tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    assert chat.prompt_text(chat.messages("Hi?")) == expected
    assert expected.endswith("<|im_start|>assistant\n")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("answer", ["Max", "15 March 1997", "Yes, Max", "£3.50"])
def test_an_example_is_prompt_answer_end(
    chat: Chat, embedded_tokenizer: "PreTrainedTokenizerBase", question: str, answer: str
) -> None:
    example = chat.example(chat.messages(question), answer)
    assert example.prompt == chat.prompt(chat.messages(question))
    end = embedded_tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert example.answer[-1] == end
    assert example.answer.count(end) == 1
    assert embedded_tokenizer.decode(example.answer[:-1]) == answer
    assert len(example) == len(example.prompt) + len(example.answer)


@pytest.mark.parametrize("answer", ["Max", "15 March 1997", "Harlow and Finch"])
def test_an_example_is_the_answered_conversation(
    chat: Chat, embedded_tokenizer: "PreTrainedTokenizerBase", answer: str
) -> None:
    turns = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": answer}]
    whole = rendered(embedded_tokenizer, turns, False)
    example = chat.example(chat.messages("Who?"), answer)
    tokens = example.prompt + example.answer
    assert whole[: len(tokens)] == tokens
    # What the template writes behind the end token is white space that no answer needs.
    assert embedded_tokenizer.decode(whole[len(tokens) :]).strip() == ""


@given(answer=answers)
def test_an_answer_comes_back_as_it_was_written(chat: Chat, answer: str) -> None:
    example = chat.example(chat.messages("Who?"), answer)
    assert chat.decode(example.answer) == answer.strip()


def test_without_a_system_turn_the_templates_own_stands(chat: Chat) -> None:
    assert chat.prompt_text(chat.messages("Hi?")).startswith(f"<|im_start|>system\n{OF_SMOLLM2}<|im_end|>")


def test_a_system_turn_opens_prompts_and_examples(embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    chat = Chat(embedded_tokenizer, system="You answer in one word.")
    expected = rendered(
        embedded_tokenizer,
        [{"role": "system", "content": "You answer in one word."}, {"role": "user", "content": "Hi?"}],
        True,
    )
    assert chat.prompt(chat.messages("Hi?")) == expected
    assert chat.example(chat.messages("Hi?"), "Yes").prompt == expected
    assert OF_SMOLLM2 not in chat.prompt_text(chat.messages("Hi?"))


def test_a_conversation_keeps_the_system_turn_it_brings(embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    chat = Chat(embedded_tokenizer, system="Mine.")
    text = chat.prompt_text([{"role": "system", "content": "Theirs."}, {"role": "user", "content": "Hi?"}])
    assert "Theirs." in text
    assert "Mine." not in text


def test_rendering_leaves_the_messages_alone(embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    chat = Chat(embedded_tokenizer, system="Mine.")
    messages = chat.messages("Hi?")
    chat.example(messages, "Yes")
    assert messages == [{"role": "user", "content": "Hi?"}]


def test_answers_end_at_the_end_of_turn(chat: Chat, embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    assert chat.end_tokens == {embedded_tokenizer.convert_tokens_to_ids("<|im_end|>")}


def test_llama_3s_end_of_turn_is_known(embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    tokenizer = with_template(embedded_tokenizer, LLAMA3)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|eot_id|>", "<|start_header_id|>"]})
    chat = Chat(tokenizer)
    end = tokenizer.convert_tokens_to_ids("<|eot_id|>")
    assert end in chat.end_tokens
    example = chat.example(chat.messages("Hi?"), "Yes")
    assert example.answer[-1] == end
    assert tokenizer.decode(example.answer[:-1]) == "Yes"


def test_a_thinking_model_is_asked_not_to_think(embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    # As Qwen3 has it: without the switch the model thinks first, and an answered turn shows an empty thought.
    empty = "'<think>\n\n</think>\n\n'"
    template = (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}"
        "{% if m.role == 'assistant' %}{{ " + empty + " }}{% endif %}{{ m.content + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
        "{% if enable_thinking is defined and enable_thinking is false %}{{ " + empty + " }}{% endif %}{% endif %}"
    )
    chat = Chat(with_template(embedded_tokenizer, template))
    assert chat.prompt_text(chat.messages("Hi?")).endswith("</think>\n\n")
    assert chat.decode(chat.example(chat.messages("Hi?"), "Max").answer) == "Max"


@pytest.mark.parametrize("template", [None, ""])
def test_a_tokenizer_without_a_template_is_refused(
    embedded_tokenizer: "PreTrainedTokenizerBase", template: str | None
) -> None:
    with pytest.raises(UserError, match="no chat template"):
        Chat(with_template(embedded_tokenizer, template))


def test_a_template_without_an_end_token_is_refused(embedded_tokenizer: "PreTrainedTokenizerBase") -> None:
    template = (
        "{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    )
    chat = Chat(with_template(embedded_tokenizer, template))
    with pytest.raises(UserError, match="no end token of the tokenizer"):
        chat.example(chat.messages("Hi?"), "Yes")


def test_a_template_that_opens_a_turn_otherwise_than_it_answers_one_is_refused(
    embedded_tokenizer: "PreTrainedTokenizerBase",
) -> None:
    template = (
        "{% for m in messages %}{{ m.content + '<|im_end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    )
    chat = Chat(with_template(embedded_tokenizer, template))
    with pytest.raises(UserError, match="can't be trained on"):
        chat.example(chat.messages("Hi?"), "Yes")


def naive_common_prefix(sequences: list[list[int]]) -> int:
    length = 0
    while all(len(s) > length + 1 for s in sequences) and len({s[length] for s in sequences}) == 1:
        length += 1
    return length


few_tokens = st.lists(st.integers(0, 2), max_size=8)


@given(st.lists(few_tokens, min_size=1, max_size=6), few_tokens)
def test_common_prefix_is_the_naive_one(sequences: list[list[int]], opening: list[int]) -> None:
    opened = [opening + s for s in sequences]
    assert common_prefix(opened) == naive_common_prefix(opened)


def test_common_prefix_leaves_each_sequence_a_token_of_its_own() -> None:
    assert common_prefix([(1, 2, 3), (1, 2, 3)]) == 2
    assert common_prefix([(1, 2), (1, 2, 3)]) == 1
    assert common_prefix([(7,), (7, 8)]) == 0
