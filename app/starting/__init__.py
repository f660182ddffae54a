"""A project that begins with data: a network that fits it."""
