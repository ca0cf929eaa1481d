"""Picture files, readers' reports about them, and what editors do with them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curation.articles.models import Article
from frontend.pages._answers import back, is_htmx
from frontend.pages._reader import reader_id_of, reader_of
from illustrate import actions as illustrate
from illustrate import queries as pictures_of
from illustrate.models import Picture

VARIANT = re.compile(r"\.(?:(?:(?:square|tall)-)?\d{3,4}\.webp|card\.jpg)$")
PUBLIC_SECONDS, PRIVATE_SECONDS = 30 * 24 * 3600, 3600


@require_safe
def file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A picture's file, to whoever may see its article: names are easy to guess, private sources are private."""
    name = PurePosixPath(path)
    if name.is_absolute() or ".." in name.parts or not VARIANT.search(path):
        raise Http404
    picture = pictures_of.picture_of_file(VARIANT.sub(".{width}.webp", path))
    if picture is None or picture.article.owner_id not in {None, reader_id_of(request)}:
        raise Http404
    try:
        stored = default_storage.open(path)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(stored, content_type="image/jpeg" if path.endswith(".jpg") else "image/webp")
    is_public = picture.article.owner_id is None
    response["Cache-Control"] = (
        f"public, max-age={PUBLIC_SECONDS}, immutable" if is_public else f"private, max-age={PRIVATE_SECONDS}"
    )
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, article_id: int) -> HttpResponse:
    reader_id = reader_of(request).pk
    article = get_object_or_404(Article.objects.visible_to(reader_id).only("title"), pk=article_id)
    shown = pictures_of.pictures_for([article_id]).get(article_id)
    if shown is None or not shown.picture_id:
        raise Http404
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        if reason in dict(_reasons()):
            illustrate.report_picture(
                picture_id=shown.picture_id,
                reader_id=reader_id,
                reason=reason,
                comment=request.POST.get("comment", "")[:500],
                at=timezone.now(),
            )
            words = _("Thank you. An editor will look at the picture.")
            if is_htmx(request):
                return render(request, "_toast.html", {"words": words})
            messages.success(request, words)
            return redirect("article", article_id)
    context = {"article": article, "picture": shown, "reasons": _reasons()}
    return render(request, "sheets/_report.html" if is_htmx(request) else "sheets/report.html", context)


def _reasons() -> list[tuple[str, str]]:
    return [
        ("misleading", _("It says something that the article does not")),
        ("offensive", _("It hurts or offends")),
        ("ugly", _("It is badly drawn")),
        ("other", _("Something else")),
    ]


@login_required
@require_POST
def redraw(request: HttpRequest, picture_id: int) -> HttpResponse:
    _check_editor(request, picture_id)
    illustrate.redraw(picture_id=picture_id, by=reader_of(request), at=timezone.now())
    messages.success(request, _("It is being drawn again."))
    return back(request)


@login_required
@require_POST
def take_down(request: HttpRequest, picture_id: int) -> HttpResponse:
    _check_editor(request, picture_id)
    illustrate.take_down(picture_id=picture_id, by=reader_of(request), at=timezone.now())
    messages.success(request, _("The picture is taken down."))
    return back(request)


def _check_editor(request: HttpRequest, picture_id: int) -> None:
    if not reader_of(request).is_editor:
        raise PermissionDenied
    visible = Article.objects.visible_to(reader_id_of(request))
    get_object_or_404(Picture, pk=picture_id, article__in=visible)
