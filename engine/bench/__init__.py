"""Seven fixed networks, and a way to measure from outside how fast the engine is."""
