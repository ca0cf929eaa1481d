"""The sample newsroom that a new installation opens with, and readers made up to try it."""
