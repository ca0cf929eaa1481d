"""The link in an invitation: it opens the way to sign-up, once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import queries as accounts


@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Remember the invitation for sign-up; the session holds it, so that the token leaves the address bar."""
    if accounts.open_invitation(token, timezone.now()) is None:
        return render(request, "account/signup_closed.html", status=410)
    request.session[accounts.INVITATION_KEY] = token
    return redirect("account_signup")
