"""The desktop program: windows, canvas, panels. All that it knows of networks is in `engine`."""
