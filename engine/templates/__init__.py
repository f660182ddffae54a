"""Networks to start from. Each fits any data set that suits it: sizes, classes and settings are taken from the data."""

from engine.templates.networks import TEMPLATES
from engine.templates.start import left_out, likely_target, start, suggest

__all__ = ["TEMPLATES", "left_out", "likely_target", "start", "suggest"]
