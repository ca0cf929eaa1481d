"""Pages for people, one function-view module a page."""
