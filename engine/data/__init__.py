"""Data sets: reading them, guessing their columns, splitting them, cutting them into batches."""
