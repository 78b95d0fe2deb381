"""Conversations to examples."""
