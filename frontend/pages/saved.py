"""saved."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def saved(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "saved.html")

