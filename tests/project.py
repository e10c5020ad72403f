"""Where the project is, and its default config."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def default_config() -> dict:
    """Return a fresh copy of `config.yaml`, yours to edit."""
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
