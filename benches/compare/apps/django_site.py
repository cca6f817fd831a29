"""A small Django project of one file: a route, the middleware of a new project, a template.

Without a database: what is compared is what a server adds to Django.
"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.shortcuts import render
from django.urls import path

PAGE = """<!DOCTYPE html>
<html>
<head><title>{{ title }}</title></head>
<body>
<h1>Hello, {{ name }}!</h1>
<ul>
{% for row in rows %}<li class="{% cycle 'odd' 'even' %}">{{ row.number }}: {{ row.text }}</li>
{% endfor %}</ul>
</body>
</html>
"""

settings.configure(
    SECRET_KEY="not a secret",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", {"page.html": PAGE})],
            },
        }
    ],
)


def page(request, number):
    rows = [{"number": n, "text": f"{n} & {n} < {2 * n + 1}"} for n in range(number)]
    name = request.GET.get("name", "World")
    return render(request, "page.html", {"title": "A page", "name": name, "rows": rows})


urlpatterns = [path("page/<int:number>", page)]
application = get_wsgi_application()
