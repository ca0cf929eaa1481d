"""welcome."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def welcome(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "welcome.html")

