"""The network as a tree: for screen readers and for work with the keyboard."""
