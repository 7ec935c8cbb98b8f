"""What stops Hydra from composing a configuration and is none of the errors that it foresaw, in one sentence."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.errors import ConfigCompositionException
from yaml import YAMLError

# What setting a knob inside a null comes to, or a mapping in the place of one.
_NULL = (AssertionError, AttributeError)


def say_slips() -> None:
    """Let Hydra refuse in a sentence what it else leaves to a traceback: slips of files and of overrides."""
    load = ConfigLoaderImpl.load_configuration

    @wraps(load)
    def told(self: Any, config_name: str | None, overrides: list[str], *more: Any, **named: Any) -> Any:
        def composed(some: list[str]) -> Any:
            return load(self, config_name, some, *more, **named)

        try:
            return composed(overrides)
        except YAMLError as error:
            raise ConfigCompositionException(_of_file(error)) from error
        except (ValueError, *_NULL) as error:
            raise ConfigCompositionException(_of_override(error, composed, overrides)) from error

    # Hydra has no place of its own for this, and prints what it did not foresee before anybody can catch it.
    ConfigLoaderImpl.load_configuration = told  # type: ignore[method-assign]


def _of_file(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"A configuration file is no YAML ({str(error).splitlines()[0]}): mend it."
    return f"{mark.name}, line {mark.line + 1}, is no YAML ({getattr(error, 'problem', None)}): mend it."


def _of_override(error: Exception, composed: Callable[[list[str]], Any], overrides: list[str]) -> str:
    """Name the override at which composing stops; those that choose files come first, as with Hydra."""
    ordered = sorted(overrides, key=lambda override: "." in override.partition("=")[0])
    culprit = next((ordered[n - 1] for n in range(1, len(ordered) + 1) if _stops(composed, ordered[:n], error)), None)
    if culprit is None:
        return f"This configuration cannot be composed: {_first_line(error)}."
    if isinstance(error, _NULL):
        key = culprit.partition("=")[0].lstrip("+")
        return (
            f"{culprit} cannot be set: {key}, or what it is part of, is null here; choose a file of its group in which "
            "it is not, or leave that null out."
        )
    return f"{culprit} cannot be composed: {_first_line(error)}."


def _stops(composed: Callable[[list[str]], Any], overrides: list[str], error: Exception) -> bool:
    try:
        composed(overrides)
    except Exception as found:
        return type(found) is type(error)
    return False


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
