"""The operator's first page: the switches that only a person should turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import actions as accounts
from accounts import queries as accounts_of
from accounts.models import Invitation, SignupPolicy, User
from curation.sample import actions as sample
from curation.sources import actions as sources_do
from curation.sources import queries as sources_of
from curation.sources.models import FetchingSwitch, Source
from frontend.pages._reader import reader_of

View = Callable[..., HttpResponse]


def operators_only(view: View) -> View:
    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *arguments: object, **keywords: object) -> HttpResponse:
        if reader_of(request).role != User.Role.OPERATOR:
            raise PermissionDenied
        return view(request, *arguments, **keywords)

    return guarded


@operators_only
@require_safe
def first_run(request: HttpRequest) -> HttpResponse:
    sources = Source.objects.filter(owner=None)
    return render(
        request,
        "first_run.html",
        {
            "is_fetching_on": sources_of.is_fetching_on(),
            "is_fetching_decided": FetchingSwitch.objects.filter(pk=1, decided_at__isnull=False).exists(),
            "is_fetching_fixed": settings.FETCH in {"on", "off"},
            "active_sources": sources.active().filter(is_sample=False).count(),
            "catalogue_sources": sources.filter(is_sample=False).count(),
            "has_sample": Source.objects.filter(is_sample=True).exists(),
            "policy": accounts_of.signup_policy(),
            "policies": [
                (SignupPolicy.Policy.OPEN, _("Open: anybody who reaches this address may sign up")),
                (SignupPolicy.Policy.INVITATION, _("By invitation: only with a link that you send")),
                (SignupPolicy.Policy.CLOSED, _("Closed: nobody new")),
            ],
            "invitations": Invitation.objects.filter(used_at__isnull=True, expires_at__gt=timezone.now()).order_by(
                "-created_at"
            ),
            "public_url": settings.PUBLIC_URL,
        },
    )


@operators_only
@require_POST
def set_fetching(request: HttpRequest) -> HttpResponse:
    on = request.POST.get("on") == "yes"
    sources_do.set_fetching(on=on, by=reader_of(request), at=timezone.now())
    messages.success(request, _("Fetching is on.") if on else _("Fetching is off."))
    return redirect("first_run")


@operators_only
@require_POST
def remove_sample(request: HttpRequest) -> HttpResponse:
    sample.remove_newsroom(at=timezone.now())
    accounts.remove_synthetic_readers()  # they were imagined to read it
    messages.success(request, _("The sample newsroom is gone, with its articles and pictures."))
    return redirect("first_run")


@operators_only
@require_POST
def set_signup_policy(request: HttpRequest) -> HttpResponse:
    policy = request.POST.get("policy", "")
    if policy in SignupPolicy.Policy.values:
        accounts.set_signup_policy(policy=policy, by=reader_of(request))
        messages.success(request, _("Saved."))
    return redirect("first_run")


@operators_only
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    try:
        accounts.invite(email=request.POST.get("email", ""), by=reader_of(request), at=timezone.now())
    except ValidationError:
        messages.error(request, _("That is no e-mail address."))
    else:
        messages.success(request, _("The invitation is below: copy its link and send it."))
    return redirect("first_run")


@operators_only
@require_POST
def reset_password(request: HttpRequest) -> HttpResponse:
    """For an installation without mail: a new password, shown once to the operator, who passes it on."""
    email = request.POST.get("email", "").strip().lower()
    reader = User.objects.filter(email=email, is_synthetic=False).first()
    if reader is None:
        messages.error(request, _("There is no account with that address."))
    else:
        password = accounts.reset_password(reader=reader, by=reader_of(request))
        messages.success(
            request,
            _("New password for %(email)s, shown only now: %(password)s") % {"email": email, "password": password},
        )
    return redirect("first_run")
