"""The HTTP side of Correio: REST, the GraphQL transport, health, metrics and the landing page."""
