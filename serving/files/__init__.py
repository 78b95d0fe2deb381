"""Configuration files of TensorFlow Serving: written for the image, read for the embedded server."""
