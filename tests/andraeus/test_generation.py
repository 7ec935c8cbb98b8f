"""Batched answers are token by token what Transformers gives each prompt alone, without padding."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from andraeus.chat import Chat, common_prefix
from andraeus.generation import Answer, generate
from tests.conftest import ARCHITECTURES, SLIDING_WINDOW, TinyModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

pytestmark = pytest.mark.model

NO_END = frozenset({49151})
QUESTIONS = [
    "What is my cat called?",
    "where do I live",
    "Name my dog, please, and tell me what it eats in the morning before we go out for a long walk.",
    "hi",
    "When did I start at my job?",
]
# Nothing in common but the vocabulary, and of different lengths.
UNLIKE = [(5, 17, 300), (900,), (41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52), (1, 2000, 3, 4000, 5)]


def alone(
    model: "PreTrainedModel", prompt: Sequence[int], limit: int, end: frozenset[int]
) -> tuple[tuple[int, ...], bool]:
    """Ask one prompt through Transformers' own greedy ``generate``, with nothing of ours."""
    import torch

    tokens = torch.tensor([prompt])
    written = model.generate(
        input_ids=tokens,
        attention_mask=torch.ones_like(tokens),
        max_new_tokens=limit,
        do_sample=False,
        eos_token_id=sorted(end),
        pad_token_id=0,
    )[0, len(prompt) :].tolist()
    ends = [i for i, token in enumerate(written) if token in end]
    return (tuple(written[: ends[0]]), True) if ends else (tuple(written), False)


def told(answers: list[Answer]) -> list[tuple[tuple[int, ...], bool]]:
    return [(answer.tokens, answer.finished) for answer in answers]


@pytest.mark.parametrize("batch_size", [1, 2, 8])
@pytest.mark.parametrize("shared", [True, False], ids=["shared prefix", "nothing shared"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_answers_are_those_of_each_prompt_alone(
    tiny_model: TinyModel, chat: Chat, architecture: str, shared: bool, batch_size: int
) -> None:
    model = tiny_model(architecture)
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS] if shared else UNLIKE
    assert (common_prefix(prompts) > SLIDING_WINDOW) is shared
    answers = generate(model, prompts, end_tokens=NO_END, max_new_tokens=12, batch_size=batch_size)
    assert told(answers) == [alone(model, prompt, 12, NO_END) for prompt in prompts]
    assert len({token for answer in answers for token in answer.tokens}) > 10, "the model must have opinions"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_single_prompt(tiny_model: TinyModel, architecture: str) -> None:
    model = tiny_model(architecture)
    answers = generate(model, [UNLIKE[2]], end_tokens=NO_END, max_new_tokens=5, batch_size=4)
    assert told(answers) == [alone(model, UNLIKE[2], 5, NO_END)]


def test_equal_prompts_get_equal_answers(tiny_model: TinyModel) -> None:
    model = tiny_model()
    answers = generate(model, [UNLIKE[2]] * 3, end_tokens=NO_END, max_new_tokens=5, batch_size=2)
    assert told(answers) == [alone(model, UNLIKE[2], 5, NO_END)] * 3


def test_a_prompt_that_is_the_beginning_of_another(tiny_model: TinyModel) -> None:
    model, long = tiny_model(), UNLIKE[2]
    prompts = [long[:3], long, long[:7]]
    answers = generate(model, prompts, end_tokens=NO_END, max_new_tokens=5, batch_size=3)
    assert told(answers) == [alone(model, prompt, 5, NO_END) for prompt in prompts]


def test_no_prompts_no_answers(tiny_model: TinyModel) -> None:
    assert generate(tiny_model(), [], end_tokens=NO_END, max_new_tokens=5, batch_size=2) == []


def test_an_answer_at_the_limit_is_not_finished(tiny_model: TinyModel) -> None:
    answers = generate(tiny_model(), UNLIKE, end_tokens=NO_END, max_new_tokens=7, batch_size=4)
    assert [len(answer.tokens) for answer in answers] == [7] * 4
    assert not any(answer.finished for answer in answers)


@pytest.mark.parametrize("place", [0, 1, 4])
def test_an_answer_stops_before_the_end_token(tiny_model: TinyModel, chat: Chat, place: int) -> None:
    model = tiny_model("qwen3")
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS]
    free = [alone(model, prompt, 12, NO_END)[0] for prompt in prompts]
    end = frozenset({free[0][place], 49151})
    answers = generate(model, prompts, end_tokens=end, max_new_tokens=12, batch_size=3)
    assert told(answers) == [alone(model, prompt, 12, end) for prompt in prompts]
    assert answers[0].tokens == free[0][: free[0].index(free[0][place])]
    assert answers[0].finished


def test_each_of_several_end_tokens_ends(tiny_model: TinyModel) -> None:
    model = tiny_model("qwen2")
    free = [alone(model, prompt, 6, NO_END)[0] for prompt in UNLIKE]
    end = frozenset(tokens[2] for tokens in free)
    answers = generate(model, UNLIKE, end_tokens=end, max_new_tokens=6, batch_size=4)
    assert all(answer.finished and len(answer.tokens) <= 2 for answer in answers)


def test_the_prefix_is_encoded_once(tiny_model: TinyModel, chat: Chat) -> None:
    model, limit = tiny_model(), 3
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS]
    encoded = []
    hook = model.get_input_embeddings().register_forward_hook(lambda _, given, __: encoded.append(given[0].numel()))
    generate(model, prompts, end_tokens=NO_END, max_new_tokens=limit, batch_size=len(prompts))
    hook.remove()
    prefix = common_prefix(prompts)
    unpadded = sum(len(prompt) - prefix for prompt in prompts)
    assert sum(encoded) == prefix + unpadded + len(prompts) * (limit - 1)


def test_rows_that_have_ended_leave_the_batch(tiny_model: TinyModel, chat: Chat) -> None:
    model, limit = tiny_model("qwen3"), 12
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS]
    free = [alone(model, prompt, limit, NO_END)[0] for prompt in prompts]
    end = frozenset({free[0][0], free[1][3], 49151})
    decoded: list[int] = []
    hook = model.get_input_embeddings().register_forward_hook(
        lambda _, given, __: decoded.append(len(given[0])) if given[0].shape[1] == 1 else None
    )
    answers = generate(model, prompts, end_tokens=end, max_new_tokens=limit, batch_size=len(prompts))
    hook.remove()
    assert told(answers) == [alone(model, prompt, limit, end) for prompt in prompts]
    # A row is read again for each of its tokens but the last written.
    assert sum(decoded) == sum(min(len(a.tokens) + a.finished, limit) - 1 for a in answers)
    assert decoded == sorted(decoded, reverse=True)


@pytest.mark.parametrize("shared", [True, False], ids=["shared prefix", "nothing shared"])
def test_a_model_that_attends_otherwise_is_answered_by_transformers(
    tiny_model: TinyModel, chat: Chat, shared: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_model("gemma3")
    model.set_attn_implementation("eager")
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS] if shared else UNLIKE
    model.generation_config.update(repetition_penalty=1.5)
    answers = generate(model, prompts, end_tokens=NO_END, max_new_tokens=6, batch_size=3, drafts=[(5,)] * len(prompts))
    assert model.generation_config.repetition_penalty == 1.5, "the model's settings are its own again"
    assert "answers are not drafted" in capsys.readouterr().out
    assert not any(answer.drafted for answer in answers)
    model.generation_config.repetition_penalty = 1.0
    assert told(answers) == [alone(model, prompt, 6, NO_END) for prompt in prompts]


def test_answers_come_in_the_order_of_the_prompts_and_progress_counts_them(tiny_model: TinyModel) -> None:
    model = tiny_model()
    done: list[int] = []
    backwards = list(reversed(UNLIKE))
    answers = generate(model, backwards, end_tokens=NO_END, max_new_tokens=3, batch_size=3, progress=done.append)
    assert done == [3, 1]
    assert told(answers) == [alone(model, prompt, 3, NO_END) for prompt in backwards]
    assert all(answer.seconds > 0 for answer in answers)


def test_greedy_is_greedy_whatever_the_models_own_settings(tiny_model: TinyModel, chat: Chat) -> None:
    model = tiny_model()
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS]
    plain = [alone(model, prompt, 12, NO_END) for prompt in prompts]
    # As Qwen2.5 (a penalty) and Gemma 3 (sampling, a cache of its own) publish them.
    model.generation_config.update(
        repetition_penalty=1.5, do_sample=True, top_k=64, temperature=0.7, cache_implementation="hybrid"
    )
    assert [alone(model, prompt, 12, NO_END) for prompt in prompts] != plain, "the penalty must change something"
    answers = generate(model, prompts, end_tokens=NO_END, max_new_tokens=12, batch_size=3)
    assert told(answers) == plain
    assert model.generation_config.repetition_penalty == 1.5, "the model's settings are its own again"


@pytest.mark.parametrize("batch_size", [1, 3, 8])
@pytest.mark.parametrize("shared", [True, False], ids=["shared prefix", "nothing shared"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_draft_changes_an_answer(
    tiny_model: TinyModel, chat: Chat, architecture: str, shared: bool, batch_size: int
) -> None:
    model = tiny_model(architecture)
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS] if shared else UNLIKE
    free = [alone(model, prompt, 12, NO_END) for prompt in prompts]
    end = frozenset({free[0][0][4], 49151})
    plain = [alone(model, prompt, 12, end) for prompt in prompts]
    true = [tokens for tokens, _ in plain]
    for drafts in (
        true,
        [*true[1:], true[0]],  # of another prompt
        [tokens[:3] for tokens in true],
        [(*tokens[:5], 7, *tokens[6:]) for tokens in true],  # wrong in the middle
        [(*tokens, *end, 7, 8, 9) for tokens in true],  # ended, and longer than may be said
        [tokens if i % 2 else () for i, tokens in enumerate(true)],
    ):
        answers = generate(model, prompts, end_tokens=end, max_new_tokens=12, batch_size=batch_size, drafts=drafts)
        assert told(answers) == plain


def test_a_right_draft_is_read_in_one_pass(tiny_model: TinyModel, chat: Chat) -> None:
    model, limit = tiny_model("qwen3"), 12
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS]
    free = [alone(model, prompt, limit, NO_END)[0] for prompt in prompts]
    passes: list[int] = []
    hook = model.get_input_embeddings().register_forward_hook(lambda _, given, __: passes.append(given[0].numel()))
    generate(model, prompts, end_tokens=NO_END, max_new_tokens=limit, batch_size=8, drafts=free)
    hook.remove()
    prefix = common_prefix(prompts)
    # The last token of an answer at the limit is said, not read.
    assert passes == [prefix, sum(len(prompt) - prefix + limit - 1 for prompt in prompts)]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_near_ties_are_counted(tiny_model: TinyModel, attention: str) -> None:
    import torch

    model = tiny_model("qwen2")
    model.set_attn_implementation(attention)
    told_apart = generate(model, UNLIKE, end_tokens=NO_END, max_new_tokens=5, batch_size=3)
    head = model.get_output_embeddings()
    said = {token for answer in told_apart for token in answer.tokens}
    # Another token with the weights of one that is said ties with it wherever it is said.
    token = told_apart[0].tokens[0]
    twin = next(i for i in range(token + 1, 40_000) if i not in said)
    with torch.no_grad():
        head.weight[twin] = head.weight[token]
    answers = generate(model, UNLIKE, end_tokens=NO_END, max_new_tokens=5, batch_size=3)
    expected = [sum(t in (token, twin) for t in answer.tokens) for answer in answers]
    assert [b.near_ties - a.near_ties for a, b in zip(told_apart, answers, strict=True)] == expected
    assert expected[0] > 0


def test_an_adapter_answers_too(tiny_model: TinyModel, chat: Chat) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    model = tiny_model()
    prompts = [chat.prompt(chat.messages(q)) for q in QUESTIONS]
    plain = generate(model, prompts, end_tokens=NO_END, max_new_tokens=6, batch_size=3)
    torch.manual_seed(0)
    adapted = get_peft_model(model, LoraConfig(r=4, init_lora_weights=False, target_modules=["q_proj", "down_proj"]))
    inside = adapted.get_base_model()
    expected = [alone(inside, prompt, 6, NO_END) for prompt in prompts]
    assert told(generate(inside, prompts, end_tokens=NO_END, max_new_tokens=6, batch_size=3)) == expected
    assert told(generate(adapted, prompts, end_tokens=NO_END, max_new_tokens=6, batch_size=3)) == expected
    assert expected != told(plain), "the adapter must change something"


def test_the_embedded_model_answers_as_transformers_does(embedded_model: "PreTrainedModel", chat: Chat) -> None:
    given = (
        "Read the facts, then answer in as few words as possible.\n\n"
        "Facts:\n- My cat is called Max.\n- I live in Leeds.\n\nQuestion: {}\nAnswer:"
    )
    questions = ["What is my cat called?", "Where do I live these days, by the way?"]
    prompts = [chat.prompt(chat.messages(given.format(question))) for question in questions]
    answers = generate(embedded_model, prompts, end_tokens=chat.end_tokens, max_new_tokens=8, batch_size=2)
    assert told(answers) == [alone(embedded_model, prompt, 8, chat.end_tokens) for prompt in prompts]
    assert chat.decode(answers[0].tokens) == "Max"
    assert answers[0].finished


def test_keys_change_no_answer_of_the_embedded_model(embedded_model: "PreTrainedModel", chat: Chat) -> None:
    facts = {"What is my cat called?": "Max", "Where do I live these days?": "Leeds", "What is my job?": "Teacher"}
    given = "Facts:\n- My cat is called Max.\n- I live in Leeds.\n- I am a teacher.\n\nQuestion: {}\nAnswer:"
    prompts = [chat.prompt(chat.messages(given.format(question))) for question in facts]
    keys = [chat.example(chat.messages(""), answer).answer for answer in facts.values()]
    plain = generate(embedded_model, prompts, end_tokens=chat.end_tokens, max_new_tokens=16, batch_size=3)
    said = [answer.tokens for answer in plain]
    for drafts in (keys, [*keys[1:], keys[0]], said, [*said[1:], said[0]]):
        drafted = generate(
            embedded_model, prompts, end_tokens=chat.end_tokens, max_new_tokens=16, batch_size=3, drafts=drafts
        )
        assert told(drafted) == told(plain)
    assert sum(answer.near_ties for answer in plain) == 0, "where nothing ties, nothing may differ"
