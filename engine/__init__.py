"""The engine: graphs, training and export in pure NumPy. It knows nothing of windows."""
