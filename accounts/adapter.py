"""How allauth asks who may sign up, and where a new reader goes."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from . import actions, queries
from .models import SignupPolicy, User

INVITATION_KEY = "invitation"  # in the session, put there by the invitation's link


class SignupAdapter(DefaultAccountAdapter):
    """Sign-up that is open, by invitation, or closed, as the operator decided."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        policy = queries.signup_policy()
        if policy == SignupPolicy.Policy.INVITATION:
            return queries.open_invitation(request.session.get(INVITATION_KEY, ""), timezone.now()) is not None
        return policy == SignupPolicy.Policy.OPEN

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit=commit)
        if commit and queries.signup_policy() == SignupPolicy.Policy.INVITATION:
            token = request.session.pop(INVITATION_KEY, "")
            if not actions.use_invitation(token=token, reader=saved, at=timezone.now()):
                saved.delete()
                raise ValidationError(_("This invitation is for somebody else, used, or too old."))
        return saved

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return reverse("welcome")
