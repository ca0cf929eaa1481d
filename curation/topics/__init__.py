"""Lasting subjects, and stories: the articles of one event."""
