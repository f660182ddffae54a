"""A form for any Spec."""
