"""The command ``andraeusctl``: looks at and uses what ``andraeus`` made; makes no result itself."""

import argparse
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from andraeus.progress import quieten, write_what_can_be_written
from experiments.commands import results

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from andraeus.chat import Chat
    from andraeus.models.resolve import ModelFiles

CONF = Path(__file__).resolve().parents[1] / "conf"


def main() -> None:
    """Run one subcommand; a user's error is one sentence and exit status 1."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    quieten()
    write_what_can_be_written()
    parser = argparse.ArgumentParser(prog="andraeusctl", description=__doc__)
    parser.add_argument("--version", action="version", version=f"andraeus {version('andraeus')}")
    commands = parser.add_subparsers(required=True)
    ask = commands.add_parser("ask", help="ask an adapter a question")
    ask.add_argument("adapter", type=Path, help="adapter folder, as output= wrote it")
    ask.add_argument("question", nargs="*", help="the question; without one, questions are read line by line")
    ask.add_argument("--model-path", help="folder of the base model, where the name in the adapter is not enough")
    ask.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the model runs")
    ask.set_defaults(run=_ask)
    results.add(commands)
    arguments = _parsed(parser)
    try:
        arguments.run(arguments)
    except UserError as error:
        sys.exit(f"andraeusctl: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line; words may stand on both sides of an option, where argparse takes the first ones alone."""
    arguments, late = parser.parse_known_args()
    if late and ("words" not in arguments or any(word.startswith("-") for word in late)):
        parser.error(f"unrecognized arguments: {' '.join(late)}")
    if late:
        arguments.words = [*arguments.words, *late]
    return arguments


def _ask(arguments: argparse.Namespace) -> None:
    from andraeus.generation import generate

    model, chat = _trained(arguments.adapter, arguments.model_path, arguments.device)
    for question in [" ".join(arguments.question)] if arguments.question else map(str.strip, sys.stdin):
        if question:
            prompt = chat.prompt(chat.messages(question))
            answer = generate(model, [prompt], end_tokens=chat.end_tokens, max_new_tokens=64, batch_size=1)[0]
            print(chat.decode(answer.tokens), flush=True)


def _trained(adapter: Path, model_path: str | None, device: str) -> "tuple[PreTrainedModel, Chat]":
    """Load an adapter on its base, with the conversation it was trained in."""
    from andraeus.chat import Chat
    from andraeus.models.load import Quantization, QuantizationKind, load_model, load_tokenizer
    from andraeus.models.resolve import Dtype
    from andraeus.training.adapter import FINGERPRINT, causal_model, fingerprint, load

    try:
        told = json.loads((adapter / FINGERPRINT).read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"{adapter} is no adapter of Andraeus: make one with output=FOLDER.") from error
    if "system" not in told:
        raise UserError(f"{adapter} is of an older version and does not say how to ask it: make it anew with output=.")
    files = _base_files(told, model_path)
    quantization = Quantization(
        QuantizationKind(told["quantization"]), bool(told["double_quantization"]), Dtype(told["compute_dtype"])
    )
    base = load_model(files, told["dtype"], quantization, device)
    model = causal_model(load(base, adapter, fingerprint(files, quantization)))
    return model, Chat(load_tokenizer(files, told["chat_template"]), told["system"])


def _base_files(told: dict[str, Any], model_path: str | None) -> "ModelFiles":
    """Find an adapter's base: the folder the user names, its repository, or the package of its config."""
    import yaml

    from andraeus.models.package import Package
    from andraeus.models.resolve import ModelSpec, resolve

    file = CONF / "model" / f"{told['model']}.yaml"
    package = (yaml.safe_load(file.read_text()) if file.is_file() else {}).get("package")
    if model_path is None and told["repo"] is None and package is None:
        raise UserError(
            f"This adapter's base ({told['model']}) was a folder, whose place is not written down: "
            "name it with --model-path FOLDER."
        )
    spec = ModelSpec(told["model"], told["repo"], told["revision"], model_path, Package(**package) if package else None)
    try:
        return resolve(spec)
    except UserError as error:
        # The knob of the other command, as this one calls it.
        raise UserError(
            str(error).replace("model.path=", "--model-path ").replace("model.path", "--model-path")
        ) from error


if __name__ == "__main__":
    main()
