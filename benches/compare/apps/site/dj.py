"""The Django project, as a script."""

from django_site import application

from Http.WSGI import RunWSGI


def Request():
    RunWSGI(application)
