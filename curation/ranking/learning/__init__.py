"""A ranker that learns from what readers opened, and still says truly why each article is where it is."""
