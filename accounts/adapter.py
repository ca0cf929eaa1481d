"""How allauth asks who may sign up."""

from allauth.account.adapter import DefaultAccountAdapter


class SignupAdapter(DefaultAccountAdapter):
    pass
