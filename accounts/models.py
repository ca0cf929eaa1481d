"""User, Subscription, TopicWish, Preference, MutedWord, Invitation: who reads, what they follow, how they like it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q

from curation.sources.models import Source
from curation.topics.models import Phrase, Topic


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("an account needs an e-mail address")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, role=User.Role.OPERATOR, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email=(email or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """An account, known by its e-mail address."""

    class Role(models.TextChoices):
        READER = "reader"
        EDITOR = "editor"
        OPERATOR = "operator"

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.READER)
    is_active = models.BooleanField(default=True)
    is_synthetic = models.BooleanField(
        default=False
    )  # made by `simulate`: never ranks for, nor counts with, real readers
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    @property
    def is_staff(self) -> bool:
        """Django's word for: may open the admin."""
        return self.role == self.Role.OPERATOR

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """An operator may do everything in the admin; nobody else has single permissions."""
        return bool(self.is_active and (self.is_superuser or self.role == self.Role.OPERATOR))

    def has_module_perms(self, app_label: str) -> bool:
        return self.has_perm(app_label)

    @property
    def is_editor(self) -> bool:
        return self.role in {self.Role.EDITOR, self.Role.OPERATOR}

    def __str__(self) -> str:
        return self.email


class Subscription(models.Model):
    """A reader follows a source, a topic or a phrase: exactly one of them."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions")
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    phrase = models.ForeignKey(Phrase, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(topic__isnull=False, source__isnull=True, phrase__isnull=True)
                | Q(topic__isnull=True, source__isnull=False, phrase__isnull=True)
                | Q(topic__isnull=True, source__isnull=True, phrase__isnull=False),
                name="subscription_to_exactly_one",
            ),
            models.UniqueConstraint(fields=["reader", "topic"], name="topic_followed_once"),
            models.UniqueConstraint(fields=["reader", "source"], name="source_followed_once"),
            models.UniqueConstraint(fields=["reader", "phrase"], name="phrase_followed_once"),
        ]


class TopicWish(models.Model):
    """More or less of a topic than the reader's history asks for. A topic without a row is as the history has it."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="topic_wishes")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+")
    weight = models.FloatField()  # from -1, less, to 1, more
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reader", "topic"], name="topic_wished_once"),
            models.CheckConstraint(condition=Q(weight__gte=-1.0, weight__lte=1.0), name="wish_from_less_to_more"),
        ]


class MutedWord(models.Model):
    """Articles whose title or summary holds this word are never shown to the reader."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="muted_words")
    word = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "word"], name="word_muted_once")]


class MutedSource(models.Model):
    """Articles of this source are never put before the reader, whatever else speaks for them."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="muted_sources")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "source"], name="source_muted_once")]


class Preference(models.Model):
    """What a reader chose for pages and feed. A reader without a row has the defaults."""

    class Theme(models.TextChoices):
        SYSTEM = "system"
        LIGHT = "light"
        DARK = "dark"
        CONTRAST = "contrast"

    reader = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="preference"
    )
    language = models.CharField(max_length=8, default="", blank=True)  # of the interface; "" follows the browser
    reading_languages = models.CharField(max_length=40, default="", blank=True)  # "en,ko"; "" means all
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM)
    show_pictures = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    onboarded_at = models.DateTimeField(null=True, blank=True)
    history_since = models.DateTimeField(null=True, blank=True)  # what was read before it orders nothing


class Invitation(models.Model):
    """A link that lets one person sign up where sign-up is by invitation."""

    token = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True)  # "" for whoever has the link
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.email or f"{self.token[:6]}…"

    def admits(self, email: str) -> bool:
        return self.email in {"", email.lower()}


class SignupPolicy(models.Model):
    """One row: who may sign up. Made from the SIGNUP setting at first use, then the operator's."""

    class Policy(models.TextChoices):
        OPEN = "open"
        INVITATION = "invitation"
        CLOSED = "closed"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    policy = models.CharField(max_length=12, choices=Policy, default=Policy.OPEN)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="signup_policy_single_row")]
