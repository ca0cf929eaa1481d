"""Publishers that we poll: fetch, parse, decide what is new, store."""
