"""The palette of layers."""
