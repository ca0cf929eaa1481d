"""An article, its visual facts and a style preset become a brief."""
