"""A photo becomes visual facts."""
