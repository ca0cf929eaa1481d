"""What this chapter announces, after commit, ids only."""

from django.dispatch import Signal

picture_attached = Signal()  # picture_id: int
