"""The shop's requests. `POST /orders` writes an account through the CRM and an order through the ORM, or neither."""

from __future__ import annotations

import json
from decimal import Decimal

from django.contrib.auth import authenticate, login
from django.db import IntegrityError
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from pycrm import Account, NotAllowedError, ValidationError
from shop.crm import acting_as
from shop.models import Order


@ensure_csrf_cookie
def log_in(request: HttpRequest) -> JsonResponse:
    """Give the CSRF cookie on GET, and on POST check the login against Django's own users."""
    if request.method == "POST":
        given = json.loads(request.body)
        user = authenticate(request, username=given["login"], password=given["password"])
        if user is None:
            return JsonResponse({"detail": "wrong login"}, status=401)
        login(request, user)
    return JsonResponse({"login": request.user.get_username()})


@require_POST
def take_order(request: HttpRequest) -> JsonResponse:
    """Write the customer into the CRM and the order into the shop, in one transaction."""
    if not request.user.is_authenticated:
        return JsonResponse({"detail": "log in first"}, status=401)
    given = json.loads(request.body)
    try:
        with acting_as(request.user) as ws:
            account = ws.create(Account(name=given["customer"], country=given.get("country")))
            order = Order.objects.create(
                reference=given["reference"],
                total=Decimal(given["total"]),
                account_id=account.id,
                taken_by=request.user,
            )
    except ValidationError as error:
        problems = [{"field": each.field, "code": each.code, "message": each.message} for each in error.problems]
        return JsonResponse({"problems": problems}, status=422)
    except NotAllowedError as error:
        return JsonResponse({"detail": str(error)}, status=403)
    except IntegrityError:
        return JsonResponse({"detail": "there is an order with this reference"}, status=409)
    return JsonResponse({"reference": order.reference, "account": account.number}, status=201)


@require_GET
def show_order(request: HttpRequest, reference: str) -> JsonResponse:
    """Read from both sides through Django's ORM."""
    if not request.user.is_authenticated:
        return JsonResponse({"detail": "log in first"}, status=401)
    order = get_object_or_404(Order.objects.select_related("account"), reference=reference)
    return JsonResponse({"total": str(order.total), "customer": order.account.name})
