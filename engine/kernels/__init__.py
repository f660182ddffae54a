"""Functions on arrays that several layers share; they know nothing of layers."""
