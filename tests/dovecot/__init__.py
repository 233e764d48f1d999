"""Correio beside Dovecot: the same messages, the same commands, and a table of what differs (`make compare-dovecot`)."""
