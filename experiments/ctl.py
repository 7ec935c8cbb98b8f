"""The command ``andraeusctl``: looks at and uses what ``andraeus`` made; makes no result itself."""

import argparse
import json
import os
import sys
from pathlib import Path

from andraeus.errors import UserError

CONF = Path(__file__).resolve().parents[1] / "conf"


def main() -> None:
    """Run one subcommand; a user's error is one sentence and exit status 1."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    parser = argparse.ArgumentParser(prog="andraeusctl", description=__doc__)
    commands = parser.add_subparsers(required=True)
    ask = commands.add_parser("ask", help="ask an adapter a question")
    ask.add_argument("adapter", type=Path, help="adapter folder, as output= wrote it")
    ask.add_argument("question", nargs="*", help="the question; without one, questions are read line by line")
    ask.add_argument("--model-path", help="folder of the base model, where the name in the adapter is not enough")
    ask.set_defaults(run=_ask)
    results = commands.add_parser("results", help="list the cells in the store")
    results.add_argument("--store", default=os.environ.get("ANDRAEUS_STORE", "store"), help="the store's folder")
    results.set_defaults(run=_results)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except UserError as error:
        sys.exit(f"andraeusctl: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _ask(arguments: argparse.Namespace) -> None:
    import yaml

    from andraeus.chat import Chat
    from andraeus.generation import generate
    from andraeus.models.load import Quantization, QuantizationKind, load_model, load_tokenizer
    from andraeus.models.package import Package
    from andraeus.models.resolve import ModelSpec, resolve
    from andraeus.training.adapter import FINGERPRINT, causal_model, fingerprint, load

    try:
        trained_on = json.loads((arguments.adapter / FINGERPRINT).read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"{arguments.adapter} is no adapter of Andraeus: make one with output=FOLDER.") from error
    file = CONF / "model" / f"{trained_on['model']}.yaml"
    entry = yaml.safe_load(file.read_text()) if file.is_file() else {"name": trained_on["model"]}
    package = Package(**entry["package"]) if entry.get("package") else None
    spec = ModelSpec(**{**entry, "package": package, "path": arguments.model_path or entry.get("path")})
    files = resolve(spec)
    quantization = Quantization(
        QuantizationKind(trained_on["quantization"]), double=bool(trained_on["double_quantization"])
    )
    base = load_model(files, spec.dtype, quantization, "cpu")
    model = causal_model(load(base, arguments.adapter, fingerprint(files, quantization)))
    chat = Chat(load_tokenizer(files, spec.chat_template))
    for question in [" ".join(arguments.question)] if arguments.question else map(str.strip, sys.stdin):
        if question:
            prompt = chat.prompt(chat.messages(question))
            answer = generate(model, [prompt], end_tokens=chat.end_tokens, max_new_tokens=64, batch_size=1)[0]
            print(chat.decode(answer.tokens), flush=True)


def _results(arguments: argparse.Namespace) -> None:
    from rich.console import Console
    from rich.table import Table

    from experiments.store import Store

    store = Store(arguments.store)
    folder = store.root / "cells"
    if not folder.is_dir():
        raise UserError(f"There is no store at {arguments.store}: run andraeus first, or name it with --store.")
    table = Table()
    for column in ("cell", "status", "arm", "suite", "seed", "model", "accuracy", "finished"):
        table.add_column(column)
    for path in sorted(folder.glob("[!.]*")):
        record = store.record(path.name)
        if record is None:
            continue
        share = "–" if record.objective is None else f"{record.objective:.1%}"
        finished = record.finished.strftime("%Y-%m-%d %H:%M") if record.finished else "–"
        seed = "–" if record.seed is None else str(record.seed)
        model = record.provenance["model"]["name"]
        table.add_row(record.identity, record.status, record.arm, record.suite, seed, model, share, finished)
    Console().print(table)


if __name__ == "__main__":
    main()
