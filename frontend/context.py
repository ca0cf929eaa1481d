"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import queries as accounts
from accounts.models import Preference
from frontend.pages._reader import preference_of


def site(request: HttpRequest) -> dict[str, Any]:
    preference = preference_of(request) if hasattr(request, "user") else Preference()
    return {
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "theme": preference.theme,
        "show_pictures": preference.show_pictures,
        "mail_is_set": settings.EMAIL_CONFIGURED,
        "signup_policy": SimpleLazyObject(accounts.signup_policy),  # asked by the few pages that name it
    }
