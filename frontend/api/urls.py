"""Addresses of API v1."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from . import views

app_name = "api"
urlpatterns = [
    path("feed", views.FeedView.as_view(), name="feed"),
    path("articles/<int:article_id>", views.ArticleView.as_view(), name="article"),
    path("articles/<int:article_id>/saved", views.SavedStateView.as_view(), name="article_saved"),
    path("articles/<int:article_id>/hidden", views.HiddenStateView.as_view(), name="article_hidden"),
    path("saved", views.SavedView.as_view(), name="saved"),
    path("search", views.SearchView.as_view(), name="search"),
    path("topics", views.TopicsView.as_view(), name="topics"),
    path("subscriptions", views.SubscriptionsView.as_view(), name="subscriptions"),
    path("subscriptions/<int:subscription_id>", views.SubscriptionView.as_view(), name="subscription"),
    path("events", views.EventsView.as_view(), name="events"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
]
