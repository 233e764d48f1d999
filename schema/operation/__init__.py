"""Running one GraphQL operation: its document, its bounds, its execution. Nothing here knows HTTP."""
