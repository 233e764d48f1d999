"""The speeds of Correio, measured from outside: `make bench`."""
