"""TensorFlow Serving's configuration files: written for the image, read for the embedded server."""
