"""Figures about the site, each defined once."""
