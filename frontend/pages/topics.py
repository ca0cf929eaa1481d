"""topics."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def topics(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "topics.html")


def topic(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "topics.html")


def follow(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "topics.html")


def unfollow(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "topics.html")

