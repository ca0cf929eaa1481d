"""What others ask about the sample newsroom."""

from .models import Newsroom


def is_open() -> bool:
    return Newsroom.objects.filter(closed_at__isnull=True).exists()


def was_ever_open() -> bool:
    return Newsroom.objects.exists()
