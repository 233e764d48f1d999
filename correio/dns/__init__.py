"""Asking the Domain Name System."""
