"""In what order: candidates, filters, scorers, a ranker, a re-ranker, and the slate they make."""
