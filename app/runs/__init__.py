"""The list of runs that a project keeps."""
