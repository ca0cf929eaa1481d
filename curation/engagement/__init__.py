"""What readers did: slates that were served, and append-only events."""
