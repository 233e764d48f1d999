"""Asking the Domain Name System: :mod:`correio.dns.resolver`."""
