"""feed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def feed(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "feed.html")


def more(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "feed.html")


def fresh(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "feed.html")

