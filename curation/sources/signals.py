"""What this chapter announces, after commit, ids only."""

from django.dispatch import Signal

entry_stored = Signal()  # entry_ids: list[int], entries that are new or changed
source_paused = Signal()  # source_id: int
