"""Models that learn the house's hand: examples that the composer draws, and what is trained on them."""
