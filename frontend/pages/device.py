"""What a telephone or tablet asks for: the manifest, the service worker, the page for when there is no connection."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

PAPER = "#faf6ee"


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    icons = [
        {"src": static("gyeol/mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        {"src": static("gyeol/mark-maskable.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "maskable"},
        {"src": static("gyeol/mark-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static("gyeol/mark-512.png"), "sizes": "512x512", "type": "image/png"},
    ]
    return JsonResponse(
        {
            "name": _("Gyeol"),
            "short_name": _("Gyeol"),
            "description": _("A weekly, drawn for one reader."),
            "lang": get_language(),
            "start_url": reverse("feed"),
            "scope": "/",
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": icons,
        },
        content_type="application/manifest+json",
    )


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("gyeol/mark.svg"))  # for who asks by the old name, as the admin's pages do


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """A personal feed is nobody's search result."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    return render(request, "service_worker.js", content_type="text/javascript; charset=utf-8")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    request.user = AnonymousUser()  # the browser keeps this page: it must not hold anything of a reader
    return render(request, "offline.html")
