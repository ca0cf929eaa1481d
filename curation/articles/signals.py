"""What this chapter announces, after commit, ids only."""

from django.dispatch import Signal

article_ready = Signal()  # article_id: int; cleaned, stored, embedded: can be read, grouped and drawn
article_changed = Signal()  # article_id: int, meaning_moved: bool; a correction was stored
