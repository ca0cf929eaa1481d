import contextlib

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
    label = "frontend"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from frontend import _messages

        # Where the code may not be written to, the set-up has compiled them (`manage.py compile_messages`).
        with contextlib.suppress(PermissionError):
            _messages.compile_stale()
