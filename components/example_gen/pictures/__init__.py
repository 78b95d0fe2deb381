"""Pictures to examples: folders, Adience's tables, MNIST's files."""
