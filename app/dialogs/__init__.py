"""Windows of their own: preferences, shortcuts, about."""
