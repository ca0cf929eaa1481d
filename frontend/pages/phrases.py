"""phrases."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def start(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "phrases.html")


def phrase(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "phrases.html")


def follow(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "phrases.html")


def unfollow(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "phrases.html")

