"""pictures."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def report(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "pictures.html")


def redraw(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "pictures.html")


def take_down(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "pictures.html")


def file(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "pictures.html")

