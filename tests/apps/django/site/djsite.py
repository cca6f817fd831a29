# A site of one file: Django's admin with sessions and SQLite, and a few views.
import hashlib
import os

import django
from django.conf import settings

HERE = os.path.dirname(os.path.abspath(__file__))

settings.configure(
    SECRET_KEY="not a secret",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(HERE, "db.sqlite3"),
            "OPTIONS": {"timeout": 60},
        }
    },
    # Quick to check; nobody's password is kept here.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    # The tables are made as they are to be, and not by all the steps of the years.
    MIGRATION_MODULES={
        name: None for name in ("admin", "auth", "contenttypes", "sessions", "messages")
    },
    STATIC_URL="/static/",
    USE_TZ=True,
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import (  # noqa: E402
    FileResponse,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)
if not User.objects.filter(username="admin").exists():
    User.objects.create_superuser("admin", "admin@example.com", "admin")
    User.objects.create_user("jürgen", "j@example.com", "secret")


def hello(request, name):
    text = "path=%s script=%s q=%s" % (
        request.path_info,
        request.META["SCRIPT_NAME"],
        request.GET.get("q"),
    )
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return JsonResponse(
        {"name": file.name, "size": file.size, "sha256": digest.hexdigest(), **request.POST.dict()}
    )


def protected(request):
    return HttpResponse("posted")


def download(request):
    return FileResponse(open(os.path.join(HERE, "data.bin"), "rb"), as_attachment=True)


def stream(request):
    return StreamingHttpResponse((b"%06d\n" % i for i in range(100000)), content_type="text/plain")


def seen(request):
    """What the host says of the client, and how many requests this session has seen."""
    request.session["seen"] = request.session.get("seen", 0) + 1
    names = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "wsgi.url_scheme")
    meta = {name: request.META.get(name) for name in names}
    return JsonResponse(
        {**meta, "seen": request.session["seen"], "url": request.build_absolute_uri()}
    )


urlpatterns = [
    path("admin/", admin.site.urls),
    path("hello/<name>", hello),
    path("upload", upload),
    path("protected", protected),
    path("download", download),
    path("stream", stream),
    path("seen", seen),
]

application = get_wsgi_application()
