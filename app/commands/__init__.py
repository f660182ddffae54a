"""Everything that can be done, found by name or by key."""
