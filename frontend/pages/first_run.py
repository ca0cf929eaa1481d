"""first_run."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def first_run(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "first_run.html")


def set_fetching(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "first_run.html")


def remove_sample(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "first_run.html")


def set_signup_policy(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "first_run.html")


def invite(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "first_run.html")


def reset_password(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "first_run.html")

