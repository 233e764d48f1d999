"""Identities: under which addresses an account sends."""
