"""The operator's admin: people, sources, pictures."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from accounts import actions as accounts
from accounts.models import Invitation, User
from curation.articles.models import Article
from curation.sources import actions as sources
from curation.sources.models import Fetch, Source
from frontend.pages._names import report_reason
from illustrate import actions as illustrate
from illustrate import queries as pictures
from illustrate.models import Picture, PictureReport, StylePreset

# Single permissions, addresses and second factors are the accounts' own matter, on their settings pages.
for model in (Group, EmailAddress, Authenticator):
    admin.site.unregister(model)


def _operator(request: HttpRequest) -> User:
    """Whoever the admin lets in."""
    return cast(User, request.user)


def _link(address: str, words: object) -> Any:
    """In the colour that unfold gives its own: here links look like text otherwise."""
    return format_html('<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', address, words)


def _drawing(picture: Picture) -> Any:
    if not picture.file:
        return "–"
    address = default_storage.url(picture.file.replace("{width}", "400"))
    return format_html(
        '<img src="{}" alt="{}" width="160" height="90" loading="lazy">', address, pictures.alt_of(picture)
    )


def _record(picture: Picture) -> Any:
    """The way to the page that tells how the picture was made, while there is one."""
    if not picture.file:
        return "–"
    return _link(reverse("picture_record", args=[picture.article_id]), _("How this picture was made"))


class _UserForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        stays = chosen.get("role") == User.Role.OPERATOR and chosen.get("is_active")
        if not stays:
            accounts.keep_an_operator(without=self.instance)
        return chosen


@admin.register(User)
class UserAdmin(ModelAdmin):
    """Readers, editors and operators. Passwords are reset, never shown."""

    list_display = ["email", "name", "role", "is_active", "is_synthetic", "joined_at", "last_login"]
    list_filter = ["role", "is_active", "is_synthetic"]
    search_fields = ["email", "name"]
    ordering = ["-joined_at"]
    fields = ["email", "name", "role", "is_active"]
    actions = ["reset_password"]
    form = _UserForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request)
        return rows if "is_synthetic__exact" in request.GET else rows.filter(is_synthetic=False)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people sign up, or are invited

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # its owner does; the admin would list what goes with it, private articles too

    @admin.action(description=_("Set a new random password, shown once"))
    def reset_password(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for reader in queryset:
            password = accounts.reset_password(reader=reader, by=_operator(request))
            messages.warning(request, f"{reader.email}: {password}")


@admin.register(Invitation)
class InvitationAdmin(ModelAdmin):
    list_display = ["email", "created_at", "expires_at", "used_by", "used_at"]
    list_filter = ["used_at"]
    readonly_fields = ["token", "email", "created_by", "created_at", "expires_at", "used_by", "used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made on the first-run page, which shows the link


class FetchInline(TabularInline):
    model = Fetch
    fields = ["started_at", "outcome", "http_status", "entries_new", "entries_changed", "milliseconds", "reason"]
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fetch]:
        rows = super().get_queryset(request).order_by("-started_at")
        source_id = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        newest = rows.filter(source_id=source_id).values("pk")[:20] if source_id else rows.none()
        return rows.filter(pk__in=list(newest.values_list("pk", flat=True)))


@admin.register(Source)
class SourceAdmin(ModelAdmin):
    """Public sources alone: a private source's address is its owner's secret, from operators too."""

    list_display = ["name", "language", "status", "last_fetched_at", "failures", "last_error"]
    list_filter = ["status", "language", "is_sample"]
    search_fields = ["name", "address"]
    readonly_fields = [
        "address", "site_url", "is_sample", "etag", "last_modified", "failures", "last_fetched_at", "last_new_at",
        "last_error",
    ]  # fmt: skip
    fields = [
        "name", "address", "site_url", "language", "topic_slugs", "status", "pause_reason", "excerpts_only",
        "interval_seconds", "next_fetch_at", "is_sample", "etag", "last_modified", "failures", "last_fetched_at",
        "last_new_at", "last_error",
    ]  # fmt: skip
    inlines = [FetchInline]
    actions = ["fetch_now", "pause"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        return super().get_queryset(request).filter(owner__isnull=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a source is added where its address is checked

    @admin.action(description=_("Fetch soon"))
    def fetch_now(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        for source in queryset:
            sources.resume_source(source_id=source.pk, by=_operator(request), at=timezone.now())
        queryset.update(next_fetch_at=timezone.now())  # those that were never paused, too

    @admin.action(description=_("Pause"))
    def pause(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        for source in queryset:
            sources.pause_source(
                source_id=source.pk, reason="by the operator", by=_operator(request), at=timezone.now()
            )


@admin.register(Article)
class ArticleAdmin(ModelAdmin):
    list_display = ["title", "source", "language", "sorted_at", "ready_at", "failure"]
    list_filter = ["language", ("source", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["title"]
    list_select_related = ["source"]
    fields = [
        "title", "url", "source", "language", "author", "summary", "published_at", "sorted_at", "ready_at", "failure",
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return super().get_queryset(request).filter(owner__isnull=True).defer("html", "text", "search")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Picture)
class PictureAdmin(ModelAdmin):
    list_display = ["drawing", "article", "preset", "state", "attempts", "drawn_at", "failure"]
    list_filter = ["state", "preset"]
    list_select_related = ["article", "preset"]
    readonly_fields = [
        "drawing", "article", "record", "preset", "state", "attempts", "failure", "seed", "alt_en", "alt_ko", "brief",
        "evaluation", "provenance", "requested_at", "drawn_at",
    ]  # fmt: skip
    fields = readonly_fields
    actions = ["redraw", "take_down"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Picture]:
        return super().get_queryset(request).filter(article__owner__isnull=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("Drawing"))
    def drawing(self, picture: Picture) -> Any:
        return _drawing(picture)

    @display(description=_("Its record"))
    def record(self, picture: Picture) -> Any:
        return _record(picture)

    @admin.action(description=_("Draw again"))
    def redraw(self, request: HttpRequest, queryset: QuerySet[Picture]) -> None:
        for picture in queryset:
            illustrate.redraw(picture_id=picture.pk, by=_operator(request), at=timezone.now())

    @admin.action(description=_("Take down"))
    def take_down(self, request: HttpRequest, queryset: QuerySet[Picture]) -> None:
        for picture in queryset:
            illustrate.take_down(picture_id=picture.pk, by=_operator(request), at=timezone.now())


@admin.register(PictureReport)
class PictureReportAdmin(ModelAdmin):
    """What readers said stands as they said it; it is settled from the list."""

    list_display = ["picture", "in_words", "comment", "reader", "reported_at", "settled_at"]
    list_filter = ["reason", "settled_at"]
    list_select_related = ["picture__article", "reader"]
    fields = ["drawing", "article", "record", "in_words", "comment", "reader", "reported_at", "settled_at"]
    readonly_fields = fields
    actions = ["settle"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PictureReport]:
        return super().get_queryset(request).filter(picture__article__owner__isnull=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PictureReport | None = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Without the button alone, not without the permission: reports go with an article that is deleted.
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "show_delete": False})

    @display(description=_("Drawing"))
    def drawing(self, report: PictureReport) -> Any:
        return _drawing(report.picture)

    @display(description=_("Article"))
    def article(self, report: PictureReport) -> Any:
        return _link(reverse("article", args=[report.picture.article_id]), report.picture.article.title)

    @display(description=_("Its record"))
    def record(self, report: PictureReport) -> Any:
        return _record(report.picture)

    @display(description=_("What is wrong"), ordering="reason")
    def in_words(self, report: PictureReport) -> str:
        return report_reason(report.reason)

    @admin.action(description=_("Settle"))
    def settle(self, request: HttpRequest, queryset: QuerySet[PictureReport]) -> None:
        queryset.filter(settled_at__isnull=True).update(settled_at=timezone.now())


@admin.register(StylePreset)
class StylePresetAdmin(ModelAdmin):
    list_display = ["slug", "version", "name_en", "name_ko", "is_production", "page"]
    readonly_fields = ["slug", "version", "parameters", "created_at"]

    @display(description=_("Examples"))
    def page(self, preset: StylePreset) -> Any:
        return _link(reverse("style", args=[preset.slug]), _("Examples"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
