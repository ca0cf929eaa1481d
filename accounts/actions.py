"""What a reader may do with an account: follow, mute, choose, invite, take everything along, leave."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from curation.engagement import queries as engagement
from curation.sources import actions as sources
from curation.sources import queries as source_queries
from curation.sources.models import Source
from curation.sources.types import SourceError
from curation.topics import actions as topics
from curation.topics.models import Phrase, Topic
from curation.topics.types import InvalidPhrase

from .models import Invitation, MutedSource, MutedWord, Preference, SignupPolicy, Subscription, TopicWish, User

INVITATION_DAYS = 14
FOLLOWED_PHRASES = 50
PHRASE_KEPT = timedelta(days=1)
MUTED_WORDS = 200
OPML_SOURCES = 500
OPML_NAMESPACE = "urn:gyeol:opml"
ET.register_namespace("gyeol", OPML_NAMESPACE)


# -- Following -----------------------------------------------------------------------------------------------


@transaction.atomic
def follow_topic(*, reader: User, slug: str, at: datetime) -> Subscription:
    """Raises Topic.DoesNotExist for an unknown slug."""
    topic = Topic.objects.get(slug=slug)
    subscription, _ = Subscription.objects.get_or_create(reader=reader, topic=topic, defaults={"created_at": at})
    sources.follow_catalogue(topic_slugs=[slug], at=at)
    return subscription


def unfollow_topic(*, reader: User, slug: str) -> None:
    Subscription.objects.filter(reader=reader, topic_id=slug).delete()


@transaction.atomic
def pick_topics(*, reader: User, slugs: Iterable[str], at: datetime) -> list[str]:
    """Onboarding: the topics followed become exactly these known ones. Returns them in their order on the page."""
    wanted = list(Topic.objects.filter(slug__in=set(slugs)).values_list("slug", flat=True))
    Subscription.objects.filter(reader=reader, topic__isnull=False).exclude(topic_id__in=wanted).delete()
    Subscription.objects.bulk_create(
        [Subscription(reader=reader, topic_id=slug, created_at=at) for slug in wanted], ignore_conflicts=True
    )
    if wanted:
        sources.follow_catalogue(topic_slugs=wanted, at=at)
    Preference.objects.update_or_create(reader=reader, defaults={"onboarded_at": at})
    return wanted


@transaction.atomic
def follow_source(*, reader: User, source_id: int, at: datetime) -> Subscription:
    """Raises Source.DoesNotExist for a source that the reader may not see."""
    source = Source.objects.visible_to(reader.pk).get(pk=source_id)
    subscription, _ = Subscription.objects.get_or_create(reader=reader, source=source, defaults={"created_at": at})
    MutedSource.objects.filter(reader=reader, source=source).delete()  # who follows wants to see it
    if source.status == Source.Status.DORMANT:
        source.status = Source.Status.ACTIVE
        source.next_fetch_at = at
        source.save(update_fields=["status", "next_fetch_at"])
    return subscription


def unfollow_source(*, reader: User, source_id: int) -> None:
    """A private source goes with its only follower."""
    with transaction.atomic():
        Subscription.objects.filter(reader=reader, source_id=source_id).delete()
        Source.objects.filter(pk=source_id, owner=reader).delete()


def follow_phrase(*, reader: User, text: str, language: str, at: datetime) -> Phrase:
    """Raises ValidationError for a phrase that is empty, overlong or without a word, or one too many."""
    text = " ".join(text.split())
    if not text or len(text) > 120:
        raise ValidationError("A phrase has between 1 and 120 characters.", code="length")
    if Subscription.objects.filter(reader=reader, phrase__isnull=False).count() >= FOLLOWED_PHRASES:
        raise ValidationError(f"At most {FOLLOWED_PHRASES} phrases can be followed.", code="too_many")
    try:
        phrase = topics.get_phrase(text=text, language=language)
    except InvalidPhrase as error:
        raise ValidationError(str(error), code="phrase") from None
    Subscription.objects.get_or_create(reader=reader, phrase=phrase, defaults={"created_at": at})
    return phrase


def forget_phrases(*, at: datetime) -> int:
    """Phrases that nobody follows a day after they were written: somebody looked, and went. Returns how many."""
    followed = Subscription.objects.filter(phrase=OuterRef("pk"))
    left = Phrase.objects.filter(~Exists(followed), created_at__lt=at - PHRASE_KEPT)
    count = left.count()
    left.delete()
    return count


def unfollow_phrase(*, reader: User, phrase_id: int) -> None:
    Subscription.objects.filter(reader=reader, phrase_id=phrase_id).delete()


# -- What is inferred, corrected -----------------------------------------------------------------------------


def wish_topic(*, reader: User, slug: str, weight: float, at: datetime) -> None:
    """More of a topic (up to 1), less of it (down to -1), or, with 0, as the history has it.

    Raises Topic.DoesNotExist for an unknown slug, ValidationError for a weight out of range.
    """
    if not -1.0 <= weight <= 1.0:
        raise ValidationError("A wish lies between -1 and 1.", code="weight")
    topic = Topic.objects.get(slug=slug)
    if weight:
        TopicWish.objects.update_or_create(reader=reader, topic=topic, defaults={"weight": weight, "at": at})
    else:
        TopicWish.objects.filter(reader=reader, topic=topic).delete()


def forget_history(*, reader: User, at: datetime) -> None:
    """What was read, liked or refused before `at` orders nothing any more. Nothing is erased; what is saved, followed,
    muted, hidden and wished stays as it is.
    """
    Preference.objects.update_or_create(reader=reader, defaults={"history_since": at})


def remember_history(*, reader: User) -> None:
    """All that was ever read counts again."""
    Preference.objects.filter(reader=reader).update(history_since=None)


# -- Muting and choosing -------------------------------------------------------------------------------------


def mute_word(*, reader: User, word: str) -> MutedWord:
    """Raises ValidationError for an empty or overlong word, or one too many."""
    word = " ".join(word.split()).casefold()
    if not word or len(word) > 80:
        raise ValidationError("A muted word has between 1 and 80 characters.", code="length")
    if MutedWord.objects.filter(reader=reader).count() >= MUTED_WORDS:
        raise ValidationError(f"At most {MUTED_WORDS} words can be muted.", code="too_many")
    return MutedWord.objects.get_or_create(reader=reader, word=word)[0]


def unmute_word(*, reader: User, word: str) -> None:
    MutedWord.objects.filter(reader=reader, word=word.casefold()).delete()


@transaction.atomic
def mute_source(*, reader: User, source_id: int) -> None:
    """Nothing of this source is shown any more; following it ends."""
    source = Source.objects.visible_to(reader.pk).get(pk=source_id)
    MutedSource.objects.get_or_create(reader=reader, source=source)
    Subscription.objects.filter(reader=reader, source=source).delete()


def unmute_source(*, reader: User, source_id: int) -> None:
    MutedSource.objects.filter(reader=reader, source_id=source_id).delete()


def set_preference(*, reader: User, **chosen: Any) -> Preference:
    """Change some of language, reading_languages, theme, show_pictures, time_zone.

    Raises ValidationError when a value is none of its choices.
    """
    unknown = set(chosen) - {"language", "reading_languages", "theme", "show_pictures", "time_zone"}
    if unknown:
        raise ValidationError(f"Not a preference: {', '.join(sorted(unknown))}.", code="unknown")
    languages = {code for code, _ in settings.LANGUAGES}
    if chosen.get("language") and chosen["language"] not in languages:
        raise ValidationError("This language is not available.", code="language")
    if "reading_languages" in chosen:
        wanted = {code for code in str(chosen["reading_languages"]).split(",") if code}
        if not wanted <= languages:
            raise ValidationError("This language is not available.", code="reading_languages")
        chosen["reading_languages"] = ",".join(sorted(wanted))
    if chosen.get("time_zone") and chosen["time_zone"] not in available_timezones():
        raise ValidationError("This time zone is not known.", code="time_zone")
    if "theme" in chosen and chosen["theme"] not in Preference.Theme.values:
        raise ValidationError("This theme is not available.", code="theme")
    return Preference.objects.update_or_create(reader=reader, defaults=chosen)[0]


# -- Who may come in -----------------------------------------------------------------------------------------


def set_signup_policy(*, policy: str, by: User) -> None:
    if by.role != User.Role.OPERATOR:
        raise PermissionDenied
    if policy not in SignupPolicy.Policy.values:
        raise ValidationError("Sign-up is open, by invitation, or closed.", code="policy")
    SignupPolicy.objects.update_or_create(id=1, defaults={"policy": policy})


@transaction.atomic
def keep_an_operator(*, without: User) -> None:
    """To call before an account stops to be an active operator. Raises ValidationError if it is the last one.

    The operators' rows stay locked until the caller's transaction ends: two cannot leave at the same moment.
    """
    operators = User.objects.select_for_update().filter(role=User.Role.OPERATOR, is_active=True).order_by("pk")
    if {operator.pk for operator in operators} == {without.pk}:
        raise ValidationError(_("This is the last operator: make somebody else operator first."), code="last")


def invite(*, by: User, at: datetime, email: str = "") -> Invitation:
    """A link for one person, good for two weeks. Raises ValidationError for an address that cannot be one."""
    if by.role != User.Role.OPERATOR:
        raise PermissionDenied
    email = email.strip().lower()
    if email:
        Invitation._meta.get_field("email").run_validators(email)
    return Invitation.objects.create(
        token=secrets.token_urlsafe(32),
        email=email,
        created_by=by,
        created_at=at,
        expires_at=at + timedelta(days=INVITATION_DAYS),
    )


@transaction.atomic
def use_invitation(*, token: str, reader: User, at: datetime) -> bool:
    """Whether the invitation was good; each lets one person in, however many try at once."""
    invitation = (
        Invitation.objects.select_for_update().filter(token=token, used_at__isnull=True, expires_at__gt=at).first()
    )
    if invitation is None or not invitation.admits(reader.email):
        return False
    invitation.used_by, invitation.used_at = reader, at
    invitation.save(update_fields=["used_by", "used_at"])
    return True


def reset_password(*, reader: User, by: User) -> str:
    """The operator's way where there is no mail: a new random password, returned once."""
    if by.role != User.Role.OPERATOR:
        raise PermissionDenied
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    reader.set_password(password)
    reader.save(update_fields=["password"])
    return password


# -- Taking along, leaving -----------------------------------------------------------------------------------


def export_account(reader: User) -> dict[str, Any]:
    """Everything Gyeol knows of the reader, as plain data for JSON."""
    preference = Preference.objects.filter(reader=reader).first()
    subscriptions = Subscription.objects.filter(reader=reader).select_related("topic", "source", "phrase")
    return {
        "account": {"email": reader.email, "name": reader.name, "joined_at": reader.joined_at.isoformat()},
        "preferences": {
            "language": preference.language,
            "reading_languages": preference.reading_languages,
            "theme": preference.theme,
            "show_pictures": preference.show_pictures,
            "time_zone": preference.time_zone,
            "history_since": preference.history_since.isoformat() if preference.history_since else None,
        }
        if preference
        else {},
        "subscriptions": [
            {
                "topic": subscription.topic_id,
                "source": subscription.source.address if subscription.source else None,
                "phrase": subscription.phrase.text if subscription.phrase else None,
                "since": subscription.created_at.isoformat(),
            }
            for subscription in subscriptions
        ],
        "wishes": [
            {"topic": wish.topic_id, "weight": wish.weight, "at": wish.at.isoformat()}
            for wish in reader.topic_wishes.order_by("at", "pk")
        ],
        "muted_words": list(reader.muted_words.values_list("word", flat=True)),
        "muted_sources": list(reader.muted_sources.values_list("source__address", flat=True)),
        **engagement.export_reader(reader.pk),
    }


def export_opml(reader: User) -> str:
    """The sources that the reader follows, as other readers import them; private ones are marked for our own import."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = "Gyeol"
    body = ET.SubElement(root, "body")
    for source in Source.objects.filter(pk__in=reader.subscriptions.values("source_id")).order_by("name"):
        outline = ET.SubElement(
            body,
            "outline",
            type="rss",
            text=source.name,
            title=source.name,
            xmlUrl=source.address,
            htmlUrl=source.site_url,
        )
        if source.owner_id is not None:
            outline.set(f"{{{OPML_NAMESPACE}}}private", "true")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def import_opml(*, reader: User, text: str, at: datetime) -> tuple[int, list[tuple[str, str]]]:
    """Follow every source of an OPML document. Returns how many, and the addresses refused, each with its reason.

    Sources that the document marks as private, that the reader has as private ones, or whose address may hold a
    secret (a query string) and is no public source yet, become the reader's private sources.
    Raises ValidationError when the document is no OPML or holds too many sources; then nothing is followed.
    """
    try:
        listed = source_queries.parse_opml(text)
    except SourceError as error:
        raise ValidationError(str(error), code="opml") from None
    if len(listed) > OPML_SOURCES:
        raise ValidationError(f"At most {OPML_SOURCES} sources can be imported at once.", code="too_many")
    followed, refused = 0, []
    for title, address, private in listed:
        try:
            source = sources.add_listed_source(address=address, name=title, by=reader, at=at, private=private)
        except SourceError as error:
            refused.append((address, str(error)))
            continue
        follow_source(reader=reader, source_id=source.pk, at=at)
        followed += 1
    return followed, refused


@transaction.atomic
def remove_synthetic_readers() -> int:
    """The simulated readers and all that they did; how many. Real readers' accounts are never touched."""
    synthetic = User.objects.filter(is_synthetic=True)
    count = synthetic.count()
    synthetic.delete()
    return count


@transaction.atomic
def delete_account(*, reader: User) -> None:
    """The account and everything that hangs on it goes: states, events, slates, private sources and their articles.

    The last operator cannot leave: nobody could open the admin again.
    """
    keep_an_operator(without=reader)
    reader.delete()
