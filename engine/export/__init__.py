"""What leaves the program: ONNX models and reports."""
