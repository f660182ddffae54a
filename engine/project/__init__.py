"""The project as a value, its file, and the runs that it keeps."""
