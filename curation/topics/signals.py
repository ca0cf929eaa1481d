"""What this chapter announces, after commit, ids only."""

from django.dispatch import Signal

article_assigned = Signal()  # article_id: int; its topics and story are known
