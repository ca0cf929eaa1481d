"""article."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def article(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")


def why(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")


def save(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")


def unsave(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")


def hide(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")


def unhide(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")


def more_like_this(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")


def less_like_this(request: HttpRequest, **place: object) -> HttpResponse:
    return render(request, "article.html")

