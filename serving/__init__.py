"""Serve pushed SavedModels over TensorFlow Serving's gRPC API, and call them.

`serving.server.Server` is the embedded server, `serving.client.Client` calls it or the real
TensorFlow Serving, `serving.files.container` writes the configuration of the real one for the same
folder. Importing this package, `serving.server`, `serving.config` or `serving.client` does not
import TensorFlow: the server does when it starts, the client at its first call.
"""
