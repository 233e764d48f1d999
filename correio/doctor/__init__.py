"""``correio doctor``: looks at settings, machine and database, and says what to do in words."""
