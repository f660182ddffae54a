"""Colours and type of the window, in light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette


@dataclass(frozen=True)
class Tokens:
    """What each colour is for; every text token reads at 4.5:1 or better on every surface it is used on."""

    dark: bool
    window: str  # behind everything, bars
    panel: str  # docks and cards
    raised: str  # popups, hovered rows
    field: str  # where one types
    canvas: str
    grid: str
    border: str
    text: str
    quiet: str  # secondary text
    accent: str  # the one colour of action and selection
    on_accent: str
    selected: str  # background of a selected row
    problem: str
    warning: str
    good: str
    wire: str
    families: Mapping[str, str]


def _families(*colours: str) -> Mapping[str, str]:
    return MappingProxyType(dict(zip(FAMILIES, colours, strict=True)))


FAMILIES = (
    "Input and output",
    "Dense",
    "Activation",
    "Convolution",
    "Pooling",
    "Normalisation",
    "Recurrent",
    "Attention",
    "Merge",
    "Shape and reduction",
    "Regularisation",
    "Augmentation",
    "Composites",
)

DARK = Tokens(
    dark=True,
    window="#16181d",
    panel="#1d2027",
    raised="#282c35",
    field="#15171c",
    canvas="#121418",
    grid="#23262d",
    border="#30343e",
    text="#e7e9ee",
    quiet="#a2a9b6",
    accent="#6ea8fe",
    on_accent="#0a1424",
    selected="#2a3a55",
    problem="#ff8077",
    warning="#f0b64d",
    good="#55cf92",
    wire="#8b93a3",
    families=_families(
        "#a3abba",
        "#f0a04b",
        "#e879c6",
        "#5b9dff",
        "#2fbfc9",
        "#b79cff",
        "#4cc48a",
        "#f2766b",
        "#d6c04a",
        "#9fb3c8",
        "#e58fb0",
        "#8fce4a",
        "#7fa6e8",
    ),
)

LIGHT = Tokens(
    dark=False,
    window="#f6f7f9",
    panel="#ffffff",
    raised="#eef0f4",
    field="#ffffff",
    canvas="#f4f6f9",
    grid="#dde1e8",
    border="#d6dae2",
    text="#1a1d23",
    quiet="#575e6b",
    accent="#1f5fcc",
    on_accent="#ffffff",
    selected="#dbe8fd",
    problem="#b3261e",
    warning="#855300",
    good="#16703f",
    wire="#747c8a",
    families=_families(
        "#6b7484",
        "#a85a08",
        "#c03a97",
        "#2f6fe0",
        "#0b7680",
        "#7a55d6",
        "#23854f",
        "#cc4438",
        "#8a7400",
        "#557089",
        "#b84a74",
        "#4d8312",
        "#3f69b5",
    ),
)


class _Theme(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.choice = DARK, "system"


_theme: _Theme | None = None


def theme() -> _Theme:
    """Return the theme in force; `changed` is emitted after every switch."""
    global _theme
    if _theme is None:
        _theme = _Theme()
    return _theme


def tokens() -> Tokens:
    """Return the colours in force."""
    return theme().tokens


def family_colour(category: str) -> QColor:
    """Return the colour of a family of layers; a family that has none of its own is grey."""
    families = tokens().families
    return QColor(families.get(category, families["Input and output"]))


def palette(t: Tokens) -> QPalette:
    """Return the palette that says the same as the tokens, for everything that Fusion draws."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    made = QPalette()
    for target, colour in (
        (role.Window, t.panel),
        (role.WindowText, t.text),
        (role.Base, t.field),
        (role.AlternateBase, t.raised),
        (role.Text, t.text),
        (role.Button, t.raised),
        (role.ButtonText, t.text),
        (role.BrightText, t.problem),
        (role.Highlight, t.accent),
        (role.HighlightedText, t.on_accent),
        (role.ToolTipBase, t.raised),
        (role.ToolTipText, t.text),
        (role.PlaceholderText, t.quiet),
        (role.Link, t.accent),
        (role.LinkVisited, t.accent),
        (role.Mid, t.border),
        (role.Dark, t.border),
        (role.Midlight, t.raised),
        (role.Light, t.raised),
        (role.Shadow, "#000000"),
    ):
        made.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(group.Disabled, target, QColor(disabled(t)))
    return made


def disabled(t: Tokens) -> str:
    """Return the colour of what cannot be used now: between quiet text and its surface."""
    return mix(t.quiet, t.panel, 0.35)


def mix(one: str, other: str, share: float) -> str:
    """Return a colour that is `share` of the way from one to the other."""
    a, b = QColor(one), QColor(other)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * share) for x, y in pairs)).name()


def on(background: QColor) -> QColor:
    """Return black or white, whichever reads better on a background."""
    light, dark = QColor("#ffffff"), QColor("#101318")
    return max(light, dark, key=lambda ink: contrast(ink, background))


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def program_font() -> QFont:
    """Return the font of the program; it comes with it, so that text is never drawn as empty boxes."""
    for name in ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf"):
        QFontDatabase.addApplicationFontFromData((files("resources") / "fonts" / name).read_bytes())
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font = QFont(["Inter", *system.families()])
    font.setPixelSize(13)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def scaled_font(size: int, *, bold: bool = False) -> QFont:
    """Return the program's font at another size, in device-independent pixels."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def monospace_font(size: int = 12) -> QFont:
    """Return the system's font of equal widths, for code and logs."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(size)
    return font
