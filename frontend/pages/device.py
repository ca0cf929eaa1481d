"""device."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def manifest(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "device.html")


def service_worker(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "device.html")


def offline(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "device.html")

