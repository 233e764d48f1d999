"""Drafts: messages that are still being written."""
