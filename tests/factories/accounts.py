"""Readers."""

import factory

from accounts.models import User


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"reader{number}@example.org")
    role = User.Role.READER

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]
        return model_class.objects.create_user(password=kwargs.pop("password", "a-long-passphrase"), **kwargs)
