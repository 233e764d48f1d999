"""Accounts and the viewer."""
