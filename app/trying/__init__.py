"""The panel in which a person tries a trained network."""
