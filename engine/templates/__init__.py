"""Networks to start from. Each fits any data set that suits it: sizes, classes and settings are taken from the data."""

from engine.templates.networks import TEMPLATES
from engine.templates.start import start

__all__ = ["TEMPLATES", "start"]
