"""From a graph to a list of ready calls: compiling, memory, running."""
