"""What is asked about a client and its mail before it is taken: each a thin reader for one pure decision."""
