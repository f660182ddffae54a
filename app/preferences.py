"""What the program remembers between two starts: preferences, recent files, shortcuts, the layout of the window."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from engine.files import atomic_write
from engine.problems import UserError
from engine.spec import Spec, param

RECENT = 12
SCALES = ("100 %", "125 %", "150 %", "175 %", "200 %")


class Preferences(Spec, abstract=True):
    """What a person may choose about the program itself."""

    theme: str = param("Light, dark, or as the system has it.", default="system", choices=("system", "light", "dark"))
    scale: str = param(
        "How large texts and everything else are drawn, from the next start of the program on. The system's own "
        "scaling comes on top.",
        default=SCALES[0],
        choices=SCALES,
    )
    recovery: bool = param(
        "Keep a copy of unsaved work, at most 2 seconds old, and offer it after a crash or a power cut.", default=True
    )
    reopen: bool = param("Open the project that was open last when the program starts.", default=False)


@dataclass
class Settings:
    """Everything remembered, and where; `problem` is a sentence about why the old settings could not be used."""

    path: Path
    preferences: Preferences = field(default_factory=Preferences)
    recent: list[str] = field(default_factory=list)
    shortcuts: dict[str, list[str]] = field(default_factory=dict)
    layout: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    def remember(self, path: Path) -> None:
        """Put a file first in the list of recent ones."""
        text = str(path.absolute())
        self.recent = [text, *(other for other in self.recent if other != text)][:RECENT]

    def save(self) -> None:
        """Write the settings; raises UserError where that cannot be done."""
        plain = {
            "preferences": self.preferences.to_dict(),
            "recent": self.recent,
            "shortcuts": self.shortcuts,
            "layout": self.layout,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The settings could not be saved in {self.path.parent}: {error.strerror}.") from error
        atomic_write(self.path, json.dumps(plain, indent=1, sort_keys=True).encode())


def default_path() -> Path:
    """Return where this system keeps the program's settings."""
    return platformdirs.user_config_path("netwright", appauthor=False) / "settings.json"


def load(path: Path | None = None) -> Settings:
    """Return the settings of the last time; whatever cannot be used is left at its default, and said in `problem`."""
    settings = Settings(path or default_path())
    try:
        raw = json.loads(settings.path.read_text(encoding="utf-8"))
        _take(settings, raw)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, UserError, TypeError, AttributeError) as error:
        settings = Settings(settings.path)
        settings.problem = f"Your settings in {settings.path} could not be read ({error}). Defaults are used."
    return settings


def _take(settings: Settings, raw: Any) -> None:
    preferences = Preferences.from_dict(raw.get("preferences", {"type": "Preferences"}))
    if preferences.problems():
        raise UserError(" ".join(preferences.problems().values()))
    settings.preferences = preferences
    settings.recent = [str(path) for path in raw.get("recent", [])][:RECENT]
    settings.shortcuts = {str(name): [str(key) for key in keys] for name, keys in raw.get("shortcuts", {}).items()}
    settings.layout = {str(name): str(state) for name, state in raw.get("layout", {}).items()}
