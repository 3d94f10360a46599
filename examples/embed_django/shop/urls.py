"""Where the shop answers."""

from django.urls import path

from shop import views

urlpatterns = [
    path("login", views.log_in),
    path("orders", views.take_order),
    path("orders/<str:reference>", views.show_order),
]
