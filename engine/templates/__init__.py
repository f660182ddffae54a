"""Networks to start from. Each fits any data set that suits it: sizes, classes and settings are taken from the data."""

from engine.templates.networks import TEMPLATES
from engine.templates.start import likely_target, start, suggest

__all__ = ["TEMPLATES", "likely_target", "start", "suggest"]
