"""Picture files, how each was made, readers' reports about them, and what editors do with them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curation.articles.models import Article
from curation.serving.queries import waiting_at_most
from curation.serving.types import ServingError
from frontend.pages import _record
from frontend.pages._answers import back, is_htmx
from frontend.pages._cards import area_of
from frontend.pages._names import REPORT_REASONS, report_reason
from frontend.pages._reader import reader_id_of, reader_of
from illustrate import actions as illustrate
from illustrate import queries as pictures_of
from illustrate.models import Picture, StylePreset
from illustrate.types import Shown

VARIANT = re.compile(r"\.(?:(?:(?:square|tall)-)?\d{3,4}\.webp|card\.jpg)$")
PUBLIC_SECONDS, PRIVATE_SECONDS = 30 * 24 * 3600, 3600
PROGRESS_SECONDS = 1.0  # that a page waits to hear how far a painting is
DOWNLOAD_SECONDS = 300  # its address stays the same when the picture is drawn anew


@require_safe
def file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A picture's file, to whoever may see its article: a private source's are its owner's, whoever knows the name."""
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


# -- How a picture was made ----------------------------------------------------------------------------------


@require_safe
def record(request: HttpRequest, article_id: int) -> HttpResponse:
    """The whole record of the article's picture, for whoever may see the article."""
    article = _article(request, article_id)
    found = _shown_picture(article)
    if found is None:
        return render(request, "no_picture.html", {"article": article}, status=404)
    shown, picture = found
    made = pictures_of.made(picture)
    seal = pictures_of.read_seal(picture)
    look = _own(picture.preset, "name")
    context = {
        "article": article,
        "area": area_of(article),
        "picture": shown,
        "record": made,
        "opening": _record.opening(made, look),
        "asked": _record.asked(made),
        "made_with": _record.made_with(made, look),
        "photo": _record.photo(made),
        "verdict": _record.verdict(made),
        "judged": _record.judged(made),
        "refused": _record.refused(made),
        "kind": _record.kind(made),
        "seal": seal,
        "seal_words": _record.seal_words(seal),
        "may_download": seal.state in {"whole", "foreign", "none"},
    }
    return render(request, "picture_record.html", context)


@require_safe
def record_json(request: HttpRequest, article_id: int) -> HttpResponse:
    """The same for programs."""
    shown, picture = _shown_picture_or_404(request, article_id)
    # Why a file is unsigned names the operator's folders: that is for the log.
    made = pictures_of.made(picture).model_dump(mode="json", exclude={"unsigned_because"})
    return JsonResponse({"alt": shown.alt, "seal": pictures_of.read_seal(picture).state, **made})


@require_safe
def download(request: HttpRequest, article_id: int) -> HttpResponse:
    """The picture as a file to keep: with a visible mark, and signed."""
    _shown, picture = _shown_picture_or_404(request, article_id)
    body = pictures_of.copy_to_keep(picture)
    if body is None:
        raise Http404
    response = HttpResponse(body, content_type="image/jpeg")
    # Named after the address alone: a headline could hold anything, and a private one is nobody else's.
    response["Content-Disposition"] = f'attachment; filename="gyeol-{article_id}.jpg"'
    response["Cache-Control"] = f"private, max-age={DOWNLOAD_SECONDS}"
    return response


def _article(request: HttpRequest, article_id: int) -> Article:
    """Raises Http404 for one that this reader may not see."""
    visible = Article.objects.visible_to(reader_id_of(request)).ready()
    return get_object_or_404(
        visible.select_related("assignment").only("title", "language", "owner", "assignment"), pk=article_id
    )


def _shown_picture(article: Article) -> tuple[Shown, Picture] | None:
    """None where the article shows no picture: it was taken down, or is not drawn yet."""
    shown = pictures_of.pictures_for([article.pk]).get(article.pk)
    if shown is None or not shown.src:
        return None
    return shown, get_object_or_404(Picture.objects.select_related("preset"), pk=shown.picture_id)


def _shown_picture_or_404(request: HttpRequest, article_id: int) -> tuple[Shown, Picture]:
    found = _shown_picture(_article(request, article_id))
    if found is None:
        raise Http404
    return found


def _own(preset: StylePreset, words: str) -> str:
    own: str = getattr(preset, f"{words}_{'ko' if (get_language() or '').startswith('ko') else 'en'}")
    return own


# -- Reports -------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, article_id: int) -> HttpResponse:
    reader_id = reader_of(request).pk
    article = _article(request, article_id)
    shown = pictures_of.pictures_for([article_id]).get(article_id)
    if shown is None or not shown.picture_id:
        raise Http404
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        if reason in REPORT_REASONS:
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
    return [(code, report_reason(code)) for code in REPORT_REASONS]


# -- Editors -------------------------------------------------------------------------------------------------


@login_required
@require_POST
def redraw(request: HttpRequest, picture_id: int) -> HttpResponse:
    _check_editor(request, picture_id)
    illustrate.redraw(picture_id=picture_id, by=reader_of(request), at=timezone.now())
    messages.success(request, _("It is being drawn again."))
    return back(request)


@login_required
@require_safe
def progress(request: HttpRequest, picture_id: int) -> HttpResponse:
    """How far a picture is that is drawn anew; the page loads itself again once it is there."""
    picture = _check_editor(request, picture_id)
    if picture.state not in {Picture.State.WAITING, Picture.State.DRAWING}:
        return HttpResponse(headers={"HX-Refresh": "true"})
    try:
        with waiting_at_most(PROGRESS_SECONDS):
            step, steps = pictures_of.painting_progress(picture_id) or (0, 0)
    except ServingError:
        step, steps = 0, 0
    return render(request, "cards/_progress.html", {"picture_id": picture_id, "step": step, "steps": steps})


@login_required
@require_POST
def take_down(request: HttpRequest, picture_id: int) -> HttpResponse:
    _check_editor(request, picture_id)
    illustrate.take_down(picture_id=picture_id, by=reader_of(request), at=timezone.now())
    messages.success(request, _("The picture is taken down."))
    return back(request)


def _check_editor(request: HttpRequest, picture_id: int) -> Picture:
    if not reader_of(request).is_editor:
        raise PermissionDenied
    visible = Article.objects.visible_to(reader_id_of(request))
    return get_object_or_404(Picture, pk=picture_id, article__in=visible)
