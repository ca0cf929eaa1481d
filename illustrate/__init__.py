"""How an article gets its picture: describe, brief, render, evaluate, attach."""
