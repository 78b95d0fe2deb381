"""What listens: gRPC and REST."""
