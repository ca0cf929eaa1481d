"""The sources there are, one source's articles, and adding a source of one's own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions as accounts
from accounts import queries as readers
from accounts.models import MutedSource, Subscription
from curation.articles.models import Article
from curation.sources import actions as sources_do
from curation.sources import queries as sources_of
from curation.sources.models import Source
from curation.sources.types import SourceError
from frontend.pages._answers import asks_for_words, back, done, go, is_htmx, is_undo
from frontend.pages._lists import list_page
from frontend.pages._reader import reader_id_of, reader_of
from frontend.pages._troubles import in_words
from frontend.pages.article import restored

PAGE_SIZE = 60


class AddSource(forms.Form):
    address = forms.CharField(label=gettext_lazy("Address of the site or its feed"), max_length=2000)
    private = forms.BooleanField(label=gettext_lazy("Private: only I see what it brings"), required=False)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip()
        return address if "://" in address else f"https://{address}"


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    reader_id = reader_id_of(request)
    text = request.GET.get("q", "").strip()
    found = Source.objects.visible_to(reader_id)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(site_url__icontains=text))
    is_followed = Exists(Subscription.objects.filter(reader_id=reader_id, source=OuterRef("pk")))
    found = found.annotate(is_followed=is_followed).order_by("-is_followed", "name", "pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    is_continuation = is_htmx(request) and page.number > 1
    return render(request, "sources/_rows.html" if is_continuation else "sources.html", {"page": page, "q": text})


@require_safe
def source(request: HttpRequest, source_id: int) -> HttpResponse:
    reader_id = reader_id_of(request)
    publisher = get_object_or_404(Source.objects.visible_to(reader_id), pk=source_id)
    of_publisher = Article.objects.visible_to(reader_id).ready().from_sources([publisher.pk])
    articles = readers.wanted(of_publisher, reader_id, of_muted_sources=True)
    return list_page(
        request,
        "source.html",
        articles,
        source=publisher,
        is_followed=_follows(reader_id, source_id),
        is_muted=_is_muted(reader_id, source_id),
        last_error=in_words(publisher.last_error),
        waits_for_operator=not publisher.is_sample and not sources_of.is_fetching_on(),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = AddSource(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reader = reader_of(request)
        at = timezone.now()
        try:
            added = sources_do.add_source(
                address=form.cleaned_data["address"], by=reader, at=at, private=form.cleaned_data["private"]
            )
        except SourceError as error:
            form.add_error("address", in_words(str(error)))
        else:
            accounts.follow_source(reader=reader, source_id=added.pk, at=at)
            arrives = _("Added. Its articles arrive within minutes.")
            waits = _("Added. Its articles arrive once the operator switches fetching on.")
            messages.success(request, arrives if sources_of.is_fetching_on() else waits)
            return redirect("source", added.pk)
    status = 400 if form.errors else 200
    return render(request, "add_source.html", {"form": form}, status=status)


@login_required
@require_POST
def follow(request: HttpRequest, source_id: int) -> HttpResponse:
    publisher = get_object_or_404(Source.objects.visible_to(reader_id_of(request)), pk=source_id)
    accounts.follow_source(reader=reader_of(request), source_id=source_id, at=timezone.now())
    if is_undo(request):
        return _restored(request, _("Undone."))
    return _button(request, publisher, is_followed=True)


@login_required
@require_POST
def unfollow(request: HttpRequest, source_id: int) -> HttpResponse:
    publisher = get_object_or_404(Source.objects.visible_to(reader_id_of(request)), pk=source_id)
    accounts.unfollow_source(reader=reader_of(request), source_id=source_id)
    if publisher.owner_id is not None:  # it went with its only follower
        messages.success(request, _("%(source)s is removed.") % {"source": publisher.name})
        return go(request, "sources")
    if asks_for_words(request):
        words = _("You no longer follow %(name)s.") % {"name": publisher.name}
        return done(request, words, undo=reverse("follow_source", args=[source_id]))
    return _button(request, publisher, is_followed=False)


@login_required
@require_POST
def mute(request: HttpRequest, source_id: int) -> HttpResponse:
    publisher = get_object_or_404(Source.objects.visible_to(reader_id_of(request)), pk=source_id)
    was_followed = _follows(reader_id_of(request), source_id)
    accounts.mute_source(reader=reader_of(request), source_id=source_id)
    words = _("%(source)s is muted: nothing from it will be shown.") % {"source": publisher.name}
    undo = reverse("follow_source" if was_followed else "unmute_source", args=[source_id])
    return done(request, words, undo=undo, article_id=request.POST.get("article"))


@login_required
@require_POST
def unmute(request: HttpRequest, source_id: int) -> HttpResponse:
    publisher = get_object_or_404(Source.objects.visible_to(reader_id_of(request)), pk=source_id)
    accounts.unmute_source(reader=reader_of(request), source_id=source_id)
    return _restored(request, _("%(source)s is shown again.") % {"source": publisher.name})


def _restored(request: HttpRequest, words: str) -> HttpResponse:
    """The card from which the source was muted, where there was one; else the words."""
    article_id = request.POST.get("article", "")
    return restored(request, int(article_id)) if article_id.isdecimal() else done(request, words)


def _follows(reader_id: int | None, source_id: int) -> bool:
    return Subscription.objects.filter(reader_id=reader_id, source_id=source_id).exists()


def _is_muted(reader_id: int | None, source_id: int) -> bool:
    return MutedSource.objects.filter(reader_id=reader_id, source_id=source_id).exists()


def _button(request: HttpRequest, publisher: Source, *, is_followed: bool) -> HttpResponse:
    if not is_htmx(request):
        return back(request, "sources")
    return render(request, "follow/_source.html", {"source": publisher, "is_followed": is_followed})
