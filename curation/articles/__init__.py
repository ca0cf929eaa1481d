"""Articles: the cleaned, canonical text of what the sources sent, ready to read and to compare."""
