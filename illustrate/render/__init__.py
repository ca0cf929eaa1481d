"""A brief becomes an image."""
