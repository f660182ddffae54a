"""Taking a trained network away as an ONNX file."""
