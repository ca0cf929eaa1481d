"""Date formats where a language writes them otherwise than Django does."""
