"""How a page answers a request to do something: a fragment for HTMX, a way back for everybody else."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def back(request: HttpRequest, default: str = "feed") -> HttpResponse:
    """To the page that the form names, if it is ours."""
    target = request.POST.get("next") or request.META.get("HTTP_REFERER", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return redirect(target)
    return redirect(default)


def asks_for_words(request: HttpRequest) -> bool:
    """Whether the form wants to be told what was done, with an undo, rather than have its button changed."""
    return "with_undo" in request.POST


def is_undo(request: HttpRequest) -> bool:
    return "undo" in request.POST


def go(request: HttpRequest, name: str) -> HttpResponse:
    """To another page altogether, also where HTMX would swap a fragment."""
    if not is_htmx(request):
        return redirect(name)
    return HttpResponse(headers={"HX-Redirect": reverse(name)})


def done(request: HttpRequest, words: str, *, undo: str = "", **context: Any) -> HttpResponse:
    """Say what was done and how to undo it: in the card's own place, in a toast, or as a message on the next page."""
    if not is_htmx(request):
        messages.success(request, words, extra_tags=undo)
        return back(request)
    template = "cards/_stub.html" if request.POST.get("size") else "_toast.html"
    return render(request, template, {"words": words, "undo": undo, **context})
