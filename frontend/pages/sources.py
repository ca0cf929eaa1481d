"""sources."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def sources(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "sources.html")


def add(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "sources.html")


def source(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "sources.html")


def follow(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "sources.html")


def unfollow(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "sources.html")


def mute(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "sources.html")


def unmute(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "sources.html")

