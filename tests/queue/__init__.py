"""Outbound mail: what is decided, what the worker does, and two servers that send each other mail."""
