"""settings."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def settings(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")


def choose_language(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")


def mute_word(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")


def unmute_word(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")


def export_json(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")


def export_opml(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")


def import_opml(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")


def delete_account(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "settings.html")

