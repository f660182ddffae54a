"""The panel that shows how a training goes."""
