"""Who reads: accounts, subscriptions, preferences, privacy."""
