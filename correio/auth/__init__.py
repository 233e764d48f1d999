"""Who may sign in: passwords, bearer tokens, and one throttle for every protocol."""
