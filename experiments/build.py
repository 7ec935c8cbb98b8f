"""Building what a config names by ``_target_``, held against the target's own signature."""

import inspect
from typing import Any, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from andraeus.errors import UserError


def build(node: DictConfig, group: str) -> Any:
    """Call the target of a config node with its other keys.

    Nested mappings become what the target's annotations say (a dataclass, for example).

    Args:
        node: A node with ``_target_``.
        group: Name of the config group, for messages.

    Raises:
        UserError: An unknown key or a wrong type, all named in one sentence; or what the target
            itself refuses.
    """
    arguments = OmegaConf.to_container(node, resolve=True, enum_to_str=True)
    assert isinstance(arguments, dict)
    name = arguments.pop("_target_", None)
    if name is None:
        raise UserError(f"{group} names no _target_: choose one of its configs with {group}=NAME.")
    try:
        target = get_object(str(name))
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise UserError(f"{group}._target_={name} cannot be imported: {_last_line(error)}.") from error
    try:
        checked = _signature(target).model_validate(arguments)
    except ValidationError as error:
        problems = [f"{group}.{_place(p['loc'])}: {_lower(p['msg'])}" for p in error.errors()]
        raise UserError("; ".join(problems) + ".") from error
    return target(**{key: getattr(checked, key) for key in checked.model_fields_set})


def _signature(target: Any) -> type[BaseModel]:
    """Return a model of what a callable takes, by its annotations."""
    hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
    fields: dict[str, Any] = {
        name: (hints.get(name, Any), ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in inspect.signature(target).parameters.items()
    }
    return create_model("Arguments", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **fields)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location))


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _last_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1].rstrip(".")
