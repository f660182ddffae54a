"""What one sees when nothing is open."""
