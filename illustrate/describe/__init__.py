"""Photo to visual facts: `photo.describe`."""
