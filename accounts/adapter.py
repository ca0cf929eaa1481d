"""How allauth asks who may sign up, and where a new reader goes."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from . import actions, queries
from .models import SignupPolicy, User


class SignupAdapter(DefaultAccountAdapter):
    """Sign-up that is open, by invitation, or closed, as the operator decided."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        policy = queries.signup_policy()
        if policy == SignupPolicy.Policy.INVITATION:
            return queries.open_invitation(request.session.get(queries.INVITATION_KEY, ""), timezone.now()) is not None
        return policy == SignupPolicy.Policy.OPEN

    def clean_email(self, email: str) -> str:
        """An invitation is checked while the form can still say what is wrong, before there is an account."""
        email = super().clean_email(email)
        if _signs_up(self.request) and queries.signup_policy() == SignupPolicy.Policy.INVITATION:
            invitation = queries.open_invitation(self.request.session.get(queries.INVITATION_KEY, ""), timezone.now())
            if invitation is None or not invitation.admits(email):
                raise ValidationError(_("This invitation is for somebody else, used, or too old."))
        return email

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        if not commit or queries.signup_policy() != SignupPolicy.Policy.INVITATION:
            saved: User = super().save_user(request, user, form, commit=commit)
            return saved
        with transaction.atomic():
            saved = super().save_user(request, user, form)
            token = request.session.get(queries.INVITATION_KEY, "")
            if not actions.use_invitation(token=token, reader=saved, at=timezone.now()):
                # Somebody else used it since the form was looked at: the account is undone with this block.
                raise ImmediateHttpResponse(render(request, "account/signup_closed.html", status=410))
        del request.session[queries.INVITATION_KEY]
        return saved

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return reverse("welcome")


def _signs_up(request: HttpRequest | None) -> bool:
    """Addresses are cleaned in other forms too: a new password, a second address."""
    return bool(request and request.resolver_match and request.resolver_match.url_name == "account_signup")
