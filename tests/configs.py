"""The default config with changes, and what is said of them, for tests of mistakes."""

import copy

from project import default_config
from sharpminima.config.mistakes import mistakes


def changed(path, value):
    """Return the default config with `value` at `path`, keys separated by dots."""
    config = default_config()
    *parents, last = path.split(".")
    section = config
    for key in parents:
        section = section[key]
    section[last] = value
    return config


def merged(config, overlay):
    """Return `overlay` merged into a copy of `config`, as Snakemake does it."""
    result = copy.deepcopy(config)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def with_sections(**sections):
    """Return the default config with every experiment, and changes to its sections."""
    config = default_config()
    config["regimes"]["LB-new"] = {"batch_fraction": 0.1}
    config["study"]["further_regimes"] = {"F1": ["LB-new"]}
    config["sweep"]["batch_sizes"] = {"F1": [16, 400]}
    config["iterates"]["networks"] = config["warm_start"]["networks"] = ["F1"]
    config["invariance"]["networks"] = ["F1"]
    for name, changes in sections.items():
        both = isinstance(changes, dict)
        config[name] = config[name] | changes if both else changes
    return config


def assert_said_in_a_line(config, line):
    """Assert that a mistake of `config` begins like this, and that each is a line."""
    found = mistakes(config)
    assert any(mistake.startswith(line) for mistake in found), found
    assert all("\n" not in mistake for mistake in found), found
