"""The GraphQL schema: one folder a domain. ``schema.graphql`` beside this file is its text, and a test keeps it true."""
