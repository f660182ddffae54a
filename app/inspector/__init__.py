"""What is selected, and how it can be changed."""
