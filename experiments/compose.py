"""A configuration for each cell of a sweep, as Hydra composes it, without composing each from all files."""

from collections.abc import Iterable, Iterator, Mapping

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from andraeus.hashing import content_hash
from experiments.grid import as_arguments


def compose(
    loader: ConfigLoader, config: DictConfig, swept: Iterable[Mapping[str, str]], fixed: list[str]
) -> Iterator[tuple[dict[str, str], DictConfig]]:
    """Yield each cell's overrides and configuration.

    Composing takes a third of a second, so cells that choose the same files share it: Hydra sets single values last of
    all, and they are set here in the same way.

    Args:
        loader: Hydra's, of this program.
        config: The program's own configuration.
        swept: The overrides of each cell.
        fixed: The arguments that stand for all cells.

    Raises:
        HydraException: What Hydra says of a key or a value that is not there, or of a wrong type.
    """
    composed: dict[str, DictConfig] = {}
    for overrides in map(dict, swept):
        files = {key: value for key, value in overrides.items() if _chooses_files(loader, key)}
        name = content_hash(list(files.items()))
        if name not in composed:
            composed[name] = _composed(loader, config, [*fixed, *as_arguments(files)])
        cell = composed[name].copy()
        values = as_arguments({key: value for key, value in overrides.items() if key not in files})
        try:
            for override in OverridesParser.create().parse_overrides(values):
                OmegaConf.update(cell, override.key_or_group, override.value(), merge=True)
        except (OmegaConfBaseException, AssertionError, AttributeError):
            # In Hydra's words, or ours (`experiments.slips`): the last two are what a knob inside a null comes to.
            cell = _composed(loader, config, [*fixed, *as_arguments(overrides)])
        yield overrides, cell


def _chooses_files(loader: ConfigLoader, key: str) -> bool:
    """Whether an override chooses a file of a group, or adds or deletes something."""
    return key.startswith(("+", "~")) or "@" in key or bool(loader.get_group_options(key))


def _composed(loader: ConfigLoader, config: DictConfig, arguments: list[str]) -> DictConfig:
    cell = loader.load_sweep_config(config, arguments)
    with open_dict(cell):
        del cell["hydra"]
    return cell
