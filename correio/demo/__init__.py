"""``correio serve --demo``: two domains, two people and a handful of messages to try everything with."""
