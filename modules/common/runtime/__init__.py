"""What every part of the project may need: errors, progress, digests of source, the stack."""
