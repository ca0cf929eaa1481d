"""How good a ranking is, told from logs: what it would have put first at moments whose outcome is known."""
