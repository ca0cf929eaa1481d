"""How a reader likes it: language, theme, pictures, muted words, what is followed; and taking everything along."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings as site_settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language_from_request, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions as accounts
from accounts import queries as accounts_of
from accounts.models import MutedSource, MutedWord, Preference
from frontend.pages._answers import back
from frontend.pages._reader import preference_of, reader_of
from frontend.pages._troubles import in_words
from illustrate import queries as illustrate

READING_LANGUAGES = {"en": "English", "ko": "한국어"}  # each in its own language
LARGEST_OPML = 2 * 1024 * 1024
REFUSALS_SHOWN = 5
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


class Likings(forms.Form):
    """The first part of the settings page."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language of the pages"),
        choices=[("", gettext_lazy("As in the browser")), *READING_LANGUAGES.items()],
        required=False,
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Paper"),
        choices=[
            (Preference.Theme.SYSTEM, gettext_lazy("As in the system")),
            (Preference.Theme.LIGHT, gettext_lazy("Day paper")),
            (Preference.Theme.DARK, gettext_lazy("Night paper")),
            (Preference.Theme.CONTRAST, gettext_lazy("High contrast")),
        ],
    )
    show_pictures = forms.BooleanField(label=gettext_lazy("Show pictures"), required=False)
    reading_languages = forms.MultipleChoiceField(
        label=gettext_lazy("I read"),
        choices=list(READING_LANGUAGES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=[(name, name) for name in sorted(zoneinfo.available_timezones())]
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    form = Likings(request.POST if request.method == "POST" else None, initial=_initial(preference_of(request)))
    if request.method == "POST" and form.is_valid():
        chosen: dict[str, Any] = form.cleaned_data
        chosen["reading_languages"] = ",".join(chosen["reading_languages"])
        accounts.set_preference(reader=reader, **chosen)
        with override(chosen["language"] or get_language_from_request(request)):
            messages.success(request, _("Saved."))
        return redirect("settings")
    return render(
        request,
        "settings.html",
        {
            "form": form,
            "muted_words": MutedWord.objects.filter(reader=reader).order_by("word"),
            "muted_sources": MutedSource.objects.filter(reader=reader).select_related("source"),
            "subscriptions": accounts_of.subscriptions(reader),
        },
        status=400 if form.errors else 200,
    )


def _initial(preference: Preference) -> dict[str, Any]:
    return {
        "language": preference.language,
        "theme": preference.theme,
        "show_pictures": preference.show_pictures,
        "reading_languages": [code for code in preference.reading_languages.split(",") if code],
        "time_zone": preference.time_zone,
    }


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """From the foot of every page: kept with the account, or in a cookie for whoever has none."""
    language = request.POST.get("language", "")
    response = back(request)
    if language in READING_LANGUAGES:
        if request.user.is_authenticated:
            accounts.set_preference(reader=reader_of(request), language=language)
        response.set_cookie(
            site_settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=LANGUAGE_COOKIE_SECONDS,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


@login_required
@require_POST
def mute_word(request: HttpRequest) -> HttpResponse:
    try:
        accounts.mute_word(reader=reader_of(request), word=request.POST.get("word", ""))
    except ValidationError as error:
        full = _("No more words can be muted: remove one first.")
        messages.error(request, full if error.code == "too_many" else _("Write a word of 1 to 80 characters."))
    return redirect("settings")


@login_required
@require_POST
def unmute_word(request: HttpRequest) -> HttpResponse:
    accounts.unmute_word(reader=reader_of(request), word=request.POST.get("word", ""))
    return redirect("settings")


@login_required
@require_safe
def export_json(request: HttpRequest) -> HttpResponse:
    document = accounts.export_account(reader_of(request)) | {
        "picture_reports": illustrate.export_reports(reader_of(request).pk)
    }
    response = JsonResponse(document, json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="gyeol.json"'
    return response


@login_required
@require_safe
def export_opml(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(accounts.export_opml(reader_of(request)), content_type="text/x-opml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="gyeol.opml"'
    return response


@login_required
@require_POST
def import_opml(request: HttpRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, _("Choose an OPML file first."))
    elif (upload.size or 0) > LARGEST_OPML:
        messages.error(request, _("That file is too large: 2 MB is the most."))
    else:
        try:
            text = upload.read().decode("utf-8-sig")
            followed, refused = accounts.import_opml(reader=reader_of(request), text=text, at=timezone.now())
        except ValidationError as error:
            too_many = error.code == "too_many"
            messages.error(
                request,
                _("Nothing was imported: too many sources at once.")
                if too_many
                else _("Nothing was imported: this is not an OPML file."),
            )
        except UnicodeDecodeError:
            messages.error(request, _("Nothing was imported: this is not an OPML file."))
        else:
            messages.success(
                request,
                ngettext("%(count)d source imported.", "%(count)d sources imported.", followed) % {"count": followed},
            )
            for address, reason in refused[:REFUSALS_SHOWN]:
                messages.warning(request, f"{address}: {in_words(reason)}")
    return redirect("settings")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """The one thing without undo, so it asks for the address to be typed."""
    reader = reader_of(request)
    error = ""
    if request.method == "POST":
        if request.POST.get("email", "").strip().lower() == reader.email:
            try:
                accounts.delete_account(reader=reader)
            except ValidationError:
                error = _("You are the only operator: make somebody else operator first.")
            else:
                logout(request)
                messages.success(request, _("Your account and everything in it is gone."))
                return redirect("feed")
        else:
            error = _("That is not the address of this account.")
    return render(request, "delete_account.html", {"error": error}, status=400 if error else 200)
