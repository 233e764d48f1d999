"""The client side of SMTP: what speaks to the mail servers of other people."""
