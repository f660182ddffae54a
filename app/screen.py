"""Finds out, before Qt would abort, whether a window can be shown here; says in one sentence what is missing."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

_NAME = os.environ.get("NETWRIGHT_COMMAND", "netwright")  # as the person started it; packaging/start.sh sets it
HEADLESS = f"Without a window: {_NAME} new net.netw --template mlp --data penguins && {_NAME} train net.netw"

# What Qt loads on Linux, by the Debian package that holds it.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
}
XCB = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


def obstacle(environ: Mapping[str, str] | None = None) -> str | None:
    """Return why no window can be shown, in one sentence with what to do instead, or None where one can."""
    environ = os.environ if environ is None else environ
    if sys.platform != "linux":
        return None
    platform = environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    unseen = platform in ("offscreen", "minimal", "vnc")
    wayland = bool(environ.get("WAYLAND_DISPLAY")) and platform != "xcb"
    display = environ.get("DISPLAY", "")
    if not unseen and not wayland and not display:
        return f"Netwright needs a screen, and there is none here (DISPLAY is not set). {HEADLESS}"
    missing = missing_packages(LIBRARIES if unseen or wayland else LIBRARIES | XCB)
    if missing:
        names = " ".join(missing)
        return f"Netwright cannot open its window without these packages: sudo apt-get install {names}. {HEADLESS}"
    if not unseen and not wayland and not answers(display):
        return f"Netwright needs a screen, and the display {display} does not answer. {HEADLESS}"
    return None


def missing_packages(libraries: Mapping[str, str]) -> list[str]:
    """Return the packages of the libraries that cannot be loaded."""
    return [package for library, package in libraries.items() if not _loads(library)]


def known_packages() -> set[str]:
    """Return the packages that the program says it needs; the set-up installs the same."""
    from importlib.resources import files

    return set((files("resources") / "debian" / "window.txt").read_text(encoding="utf-8").split())


def answers(display: str) -> bool:
    """Tell whether an X server lets us in, by asking as Qt will."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt brings its own way, or will say so itself
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    try:
        return int(xcb.xcb_connection_has_error(connection)) == 0
    finally:
        xcb.xcb_disconnect(connection)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
