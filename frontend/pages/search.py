"""search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def search(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "search.html")

