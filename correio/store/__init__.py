"""The only code that knows MongoDB: the client, the documents, their indexes, the one write rule, the change feed."""
