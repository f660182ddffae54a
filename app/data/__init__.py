"""The panel that shows the data: where it comes from, what is in it, how it is divided."""
