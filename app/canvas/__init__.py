"""The canvas: shows the document's graph as boxes and wires, and turns gestures into edits."""
